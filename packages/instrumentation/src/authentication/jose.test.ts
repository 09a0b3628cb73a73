import { describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import { send, type Answer } from "../testing/requests.ts";

const APPS = ["jose-4", "jose-5", "jose-6"].flatMap((folder) =>
  ["app.mjs", "app.cjs"].map((entry) => ({ folder, entry })),
);

/** What is asked, with which token, and the reason that is reported; undefined where it is accepted. */
const QUESTIONS: readonly (readonly [string, string, string | undefined])[] = [
  ["/verify", "good", undefined],
  ["/verify", "expired", "expired"],
  ["/verify", "not_yet_valid", "not_yet_valid"],
  ["/verify", "wrong_issuer", "wrong_issuer"],
  ["/verify", "wrong_audience", "wrong_audience"],
  ["/verify", "missing_claim", "missing_claim"],
  ["/verify", "invalid_claim", "invalid_claim"],
  ["/verify", "bad_signature", "bad_signature"],
  ["/verify", "alg_none", "alg_none"],
  ["/listed", "alg_none", "alg_none"],
  ["/verify", "algorithm_confusion", "algorithm_confusion"],
  ["/listed", "algorithm_confusion", "algorithm_confusion"],
  ["/verify", "malformed", "malformed"],
  ["/keys", "good", undefined],
  ["/keys", "unknown_key", "unknown_key"],
  ["/keys", "bad_signature", "bad_signature"],
  ["/compact", "good", undefined],
  ["/compact", "bad_signature", "bad_signature"],
  ["/general", "good", undefined],
  ["/general", "bad_signature", "bad_signature"],
  ["/decrypt", "encrypted", undefined],
  ["/decrypt", "decryption_failed", "decryption_failed"],
];

async function ask(app: MatrixApp, path: string, token?: string): Promise<Answer> {
  return send(app.port, path, {
    agent: false,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}

async function tokensOf(app: MatrixApp): Promise<Readonly<Record<string, string>>> {
  return JSON.parse((await ask(app, "/tokens")).body) as Record<string, string>;
}

describe.each(APPS)("$folder/$entry", ({ folder, entry }) => {
  it("reports each refused token with its reason and without the token, counts the rest, and answers as ever", async () => {
    await using app = await startMatrixApp(folder, entry);
    await using bare = await startMatrixApp(folder, entry, { instrumented: false });
    const [tokens, bareTokens] = [await tokensOf(app), await tokensOf(bare)];
    const expected: (string | undefined)[] = ["bad_signature", "bad_signature"];
    await app.waitFor(EVENT.authentication, expected.length);
    for (const [path, name, reason] of QUESTIONS) {
      const answer = await ask(app, path, tokens[name]);
      const plain = await ask(bare, path, bareTokens[name]);
      expect([answer.status, JSON.parse(answer.body)], `${path} ${name}`).toEqual([
        plain.status,
        JSON.parse(plain.body),
      ]);
      expect(answer.status, `${path} ${name}`).toBe(reason === undefined ? 200 : 401);
      if (reason === undefined) continue;
      expected.push(reason);
      const events = await app.waitFor(EVENT.authentication, expected.length);
      expect(events.map((event) => event.attributes[ATTR.authFailureReason])).toEqual(expected);
    }
    // Neither a wrong option nor a missing token is a failure of whoever asks.
    for (const path of ["/throwing-options", "/verify"]) {
      const answer = await ask(app, path, path === "/verify" ? undefined : tokens["good"]);
      const plain = await ask(bare, path, path === "/verify" ? undefined : bareTokens["good"]);
      expect(JSON.parse(answer.body)).toEqual(JSON.parse(plain.body));
    }
    await ask(app, "/careless", tokens["algorithm_confusion"]);
    const [careless] = await app.waitFor(EVENT.authenticationWeakness);
    expect(careless?.attributes[ATTR.authWeakness]).toBe("algorithm_confusion_accepted");
    expect(await app.stop()).toMatchObject({ code: null, signal: "SIGTERM" });
    expect(app.errors().replace(/^vedette: VEDETTE_HASH_KEY.*\n/, "")).toBe("");
    const failures = app
      .events(EVENT.authentication)
      .filter((event) => event.attributes[ATTR.eventOutcome] === "failure");
    expect(failures.map((event) => event.attributes[ATTR.authFailureReason])).toEqual(expected);
    const everything = JSON.stringify(app.events());
    for (const token of Object.values(tokens))
      for (const part of token.split(".")) if (part.length > 10) expect(everything).not.toContain(part);
    const successes = app
      .metrics(INSTRUMENTATION_METRICS.authenticationAttempts.name)
      .filter((point) => point.attributes[ATTR.eventOutcome] === "success");
    expect(successes.map((point) => point.value)).toEqual([QUESTIONS.length - expected.length + 3]);
    expect(app.events(EVENT.authentication).every((event) => event.attributes[ATTR.eventOutcome] !== "success")).toBe(
      true,
    );
  });
});
