import { describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { entriesOf, startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import type { ReceivedEvent } from "../testing/otlp-receiver.ts";
import { send, type Answer } from "../testing/requests.ts";

const KEY = { VEDETTE_HASH_KEY: "the key of this test" };

interface Asked {
  readonly path: string;
  readonly form?: string;
  readonly token?: string;
  readonly cookie?: string | undefined;
}

async function ask(app: MatrixApp, { path, form, token, cookie }: Asked): Promise<Answer> {
  return send(app.port, path, {
    agent: false,
    method: form === undefined ? "GET" : "POST",
    headers: {
      ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === undefined ? {} : { cookie }),
    },
    ...(form === undefined ? {} : { body: form }),
  });
}

const cookieOf = (answer: Answer): string | undefined => answer.headers["set-cookie"]?.[0]?.split(";")[0];

const facts = ({ attributes }: ReceivedEvent): unknown[] => [
  attributes[ATTR.eventOutcome],
  attributes[ATTR.authMethod],
  attributes[ATTR.authFailureReason],
];

/** What is asked, and what is reported about it. */
const QUESTIONS: readonly (readonly [string, Asked, readonly unknown[] | undefined])[] = [
  ["a login", { path: "/login", form: "username=ada&password=lovelace" }, ["success", "local", undefined]],
  ["a wrong password", { path: "/login", form: "username=ada&password=x" }, ["failure", "local", "bad_password"]],
  ["nobody's name", { path: "/login", form: "username=bob&password=x" }, ["failure", "local", "unknown_user"]],
  ["a locked account", { path: "/login", form: "username=eve&password=locked" }, ["failure", "local", "locked"]],
  ["half a form", { path: "/login", form: "username=ada" }, ["failure", "local", "missing_credentials"]],
  ["a broken directory", { path: "/login", form: "username=broken&password=x" }, ["unknown", "local", undefined]],
  [
    "a login by callback",
    { path: "/login/callback", form: "username=ada&password=lovelace" },
    ["success", "local", undefined],
  ],
  [
    "a failure by callback",
    { path: "/login/callback", form: "username=ada&password=x" },
    ["failure", "local", "bad_password"],
  ],
  ["a wrong token", { path: "/api", token: "wrong" }, ["failure", "bearer", "invalid_token"]],
  ["no token", { path: "/api" }, undefined],
  ["a token", { path: "/api", token: "ada-7" }, undefined],
  ["a token of the second strategy", { path: "/either", token: "ada-7" }, undefined],
  ["a token that neither takes", { path: "/either", token: "x" }, ["failure", "partners", "invalid_token"]],
  ["a strategy handed over as it is", { path: "/instance", token: "x" }, ["failure", "bearer", "invalid_token"]],
  ["a strategy that throws", { path: "/throwing" }, undefined],
  ["a strategy that is not there", { path: "/missing-strategy" }, undefined],
];

describe.each(entriesOf("passport-0.7"))("passport-0.7/%s", (entry) => {
  it("reports what strategies decide, once a request, and answers as ever", async () => {
    await using app = await startMatrixApp("passport-0.7", entry, { env: KEY });
    await using bare = await startMatrixApp("passport-0.7", entry, { instrumented: false });
    const expected: unknown[] = [];
    for (const [name, asked, reported] of QUESTIONS) {
      const [answer, plain] = [await ask(app, asked), await ask(bare, asked)];
      const visible = ({ status, body, headers }: Answer): unknown => [status, body, headers["www-authenticate"]];
      expect(visible(answer), name).toEqual(visible(plain));
      if (reported !== undefined) expected.push(reported);
      if (reported !== undefined) await app.waitFor(EVENT.authentication, expected.length);
      expect(app.events(EVENT.authentication).map(facts), name).toEqual(expected);
    }
    expect(await app.stop()).toMatchObject({ signal: "SIGTERM" });
    expect(app.errors()).toBe(bare.errors());
    expect(app.events(EVENT.authentication).map(facts)).toEqual(expected);
    expect(
      app
        .metrics(INSTRUMENTATION_METRICS.authenticationAttempts.name)
        .filter(({ attributes }) => attributes[ATTR.eventOutcome] === "success")
        .map(({ attributes, value }) => `${String(attributes[ATTR.authMethod])} ${value}`)
        .toSorted(),
    ).toEqual(["bearer 1", "local 2", "partners 1"]);
  });

  it("knows the account that was tried, and who sends what comes later", async () => {
    await using app = await startMatrixApp("passport-0.7", entry, { env: KEY });
    await ask(app, { path: "/login", form: "username=ada&password=x" });
    const login = await ask(app, { path: "/login", form: "username=ada&password=lovelace" });
    const [failure, success] = await app.waitFor(EVENT.authentication, 2);
    // The failure is not the user's: somebody typed the name.
    expect(failure?.attributes[ATTR.authAccountHash]).toMatch(/^[0-9a-f]{32}$/);
    expect(success?.attributes[ATTR.authAccountHash]).toBe(failure?.attributes[ATTR.authAccountHash]);
    expect(success?.attributes[ATTR.userHash]).toMatch(/^[0-9a-f]{32}$/);
    await ask(app, { path: "/nowhere", cookie: cookieOf(login) });
    const [refused] = await app.waitFor(EVENT.requestRefused, 2).then((events) => events.slice(-1));
    expect(refused?.attributes[ATTR.userHash]).toBe(success?.attributes[ATTR.userHash]);
    const all = JSON.stringify(app.events());
    // With its quotes: ids of hosts and services are hexadecimal, and may have the letters of a name by chance.
    for (const text of ["lovelace", '"ada"', "Incorrect"]) expect(all).not.toContain(text);
  });
});
