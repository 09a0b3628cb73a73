import { describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import type { ReceivedEvent } from "../testing/otlp-receiver.ts";
import { send, type Answer } from "../testing/requests.ts";

const APPS = ["bcrypt-6", "bcryptjs-2", "bcryptjs-3", "argon2-0.45"].flatMap((folder) =>
  ["app.mjs", "app.cjs"].map((entry) => ({ folder, entry })),
);

const facts = ({ attributes }: ReceivedEvent): unknown[] => [
  attributes[ATTR.eventOutcome],
  attributes[ATTR.authMethod],
  attributes[ATTR.authFailureReason],
];
const SUCCESS = ["success", "password", undefined];
const FAILURE = ["failure", "password", "bad_password"];

/** What is asked, with which password, and what is reported about it. */
function questions(folder: string): readonly (readonly [string, string, readonly unknown[] | undefined])[] {
  return [
    ["/promise", "lovelace", SUCCESS],
    ["/promise", "guess", FAILURE],
    ["/weak", "lovelace", SUCCESS],
    ["/weak", "guess", FAILURE],
    ...(folder.startsWith("bcrypt")
      ? ([
          ["/sync", "lovelace", SUCCESS],
          ["/sync", "guess", FAILURE],
          ["/callback", "lovelace", SUCCESS],
          ["/callback", "guess", FAILURE],
          ["/reported-in-callback", "guess", ["failure", "form", "typo"]],
        ] as const)
      : []),
    ["/reported", "lovelace", ["success", "form", undefined]],
    ["/reported", "guess", ["failure", "form", "typo"]],
    ["/history", "lovelace", SUCCESS],
    ["/history", "babbage", undefined],
    ["/disabled-account", "lovelace", undefined],
    ["/disabled-account", "guess", FAILURE],
    ["/wrong-argument", "", undefined],
  ];
}

const ask = async (app: MatrixApp, path: string, password: string): Promise<Answer> =>
  send(app.port, `${path}?password=${password}`, { agent: false });

describe.each(APPS)("$folder/$entry", ({ folder, entry }) => {
  it("reports one outcome a request, counts each comparison, tells a weak hash once, and answers as ever", async () => {
    await using app = await startMatrixApp(folder, entry);
    await using bare = await startMatrixApp(folder, entry, { instrumented: false });
    const expected: unknown[] = [];
    for (const [path, password, reported] of questions(folder)) {
      const [answer, plain] = [await ask(app, path, password), await ask(bare, path, password)];
      expect([answer.status, answer.body], `${path} ${password}`).toEqual([plain.status, plain.body]);
      if (reported !== undefined) expected.push(reported);
      if (reported !== undefined) await app.waitFor(EVENT.authentication, expected.length);
      expect(app.events(EVENT.authentication).map(facts), `${path} ${password}`).toEqual(expected);
    }
    await app.stop();
    expect(app.events(EVENT.authentication).map(facts)).toEqual(expected);
    // Each belongs to its request, also where native code called back.
    for (const { attributes } of app.events(EVENT.authentication))
      expect(attributes[ATTR.urlPath]).toBeTypeOf("string");
    const bcrypt = folder.startsWith("bcrypt");
    expect(app.events(EVENT.authenticationWeakness).map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({
        [ATTR.authWeakness]: "low_cost",
        [ATTR.authMethod]: "password",
        [ATTR.authAlgorithm]: bcrypt ? "bcrypt" : "argon2id",
        [ATTR.authParameters]: bcrypt ? "cost=4" : "m=1024,t=2,p=1",
      }),
    ]);
    const counted = app
      .metrics(INSTRUMENTATION_METRICS.passwordVerifications.name)
      .map(
        ({ attributes, value }) =>
          `${String(attributes[ATTR.authAlgorithm])} ${String(attributes[ATTR.eventOutcome])} ${value}`,
      );
    expect(counted.toSorted()).toEqual(
      bcrypt
        ? ["bcrypt failure 8", "bcrypt success 8", "bcrypt unknown 1"]
        : ["argon2 unknown 1", "argon2id failure 5", "argon2id success 6"],
    );
    const all = JSON.stringify(app.events());
    for (const secret of ["lovelace", "babbage", "$2", "$argon2"])
      expect(all.replaceAll("password=REDACTED", "")).not.toContain(secret);
  });
});
