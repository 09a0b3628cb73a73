import { describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { entriesOf, startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import { send, type Answer } from "../testing/requests.ts";

const APPS = ["jsonwebtoken-8", "jsonwebtoken-9"].flatMap((folder) =>
  entriesOf(folder).map((entry) => ({ folder, entry })),
);

/** What is asked, with which token, and the reason that is reported; undefined where it is accepted. */
const QUESTIONS: readonly (readonly [string, string, string | undefined])[] = [
  ...["/sync", "/callback"].flatMap((path) =>
    (["good", "expired", "wrong_issuer", "bad_signature", "malformed", "alg_none"] as const).map(
      (name) => [path, name, name === "good" ? undefined : name] as const,
    ),
  ),
  ["/getter", "signed", undefined],
  ["/getter", "algorithm_confusion", "algorithm_confusion"],
  ["/rotation", "good", undefined],
  ["/rotation", "bad_signature", "bad_signature"],
];

const ask = async (app: MatrixApp, path: string, token?: string): Promise<Answer> =>
  send(app.port, path, { agent: false, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
const tokensOf = async (app: MatrixApp): Promise<Readonly<Record<string, string>>> =>
  JSON.parse((await ask(app, "/tokens")).body) as Record<string, string>;

/** V8 adds `[as verify]` to a frame whose function is found under another name on its object: there the watched one is found now. */
const visible = ({ status, body }: Answer): unknown => [status, JSON.parse(body.replaceAll(" [as verify]", ""))];

describe.each(APPS)("$folder/$entry", ({ folder, entry }) => {
  it("reports each refused token once, counts the rest, and answers as ever", async () => {
    await using app = await startMatrixApp(folder, entry);
    await using bare = await startMatrixApp(folder, entry, { instrumented: false });
    const [tokens, bareTokens] = [await tokensOf(app), await tokensOf(bare)];
    const expected: string[] = [];
    for (const [path, name, reason] of QUESTIONS) {
      const [answer, plain] = [await ask(app, path, tokens[name]), await ask(bare, path, bareTokens[name])];
      expect(visible(answer), `${path} ${name}`).toEqual(visible(plain));
      expect(answer.status, `${path} ${name}`).toBe(reason === undefined ? 200 : 401);
      if (reason !== undefined) expected.push(reason);
      const events = await app.waitFor(EVENT.authentication, expected.length);
      expect(events.map(({ attributes }) => attributes[ATTR.authFailureReason])).toEqual(expected);
    }
    await app.stop();
    expect(app.events(EVENT.authentication)).toHaveLength(expected.length);
    const attempts = app.metrics(INSTRUMENTATION_METRICS.authenticationAttempts.name);
    expect(
      attempts.map(({ attributes, value }) => `${String(attributes[ATTR.eventOutcome])} ${value}`).toSorted(),
    ).toEqual([`failure ${expected.length}`, `success ${QUESTIONS.length - expected.length}`]);
  });
});
