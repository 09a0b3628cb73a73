import { describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import { OIDC_CLIENT, OIDC_NONCE, startOidcProvider } from "../testing/oidc-provider.ts";
import { send, type Answer } from "../testing/requests.ts";

const APPS = ["openid-client-5", "openid-client-6"].flatMap((folder) =>
  ["app.mjs", "app.cjs"].map((entry) => ({ folder, entry })),
);
const STATE = "&state=the-state";

/** What comes back to the application, and the reason that is reported; undefined for a login. */
function questions(folder: string): readonly (readonly [string, string | undefined])[] {
  const version5 = folder.endsWith("5");
  return [
    [`/callback?code=good${STATE}`, undefined],
    ["/callback?code=good&state=forged", "state_mismatch"],
    ["/callback?code=good", "missing_state"],
    ["/careless?code=good&state=forged", "state_mismatch"],
    [`/callback?code=good${STATE}&iss=https%3A%2F%2Fanother.example`, "wrong_issuer"],
    [`/callback?code=wrong_nonce${STATE}`, "wrong_nonce"],
    [`/callback?code=wrong_issuer${STATE}`, "wrong_issuer"],
    [`/callback?code=wrong_audience${STATE}`, "wrong_audience"],
    [`/callback?code=expired${STATE}`, "expired"],
    [`/callback?code=not_yet_valid${STATE}`, "not_yet_valid"],
    [`/callback?code=missing_claim${STATE}`, "missing_claim"],
    [`/callback?code=bad_signature${STATE}`, "bad_signature"],
    [`/callback?code=unknown_key${STATE}`, "unknown_key"],
    [`/callback?code=alg_none${STATE}`, "alg_none"],
    [`/callback?code=algorithm_confusion${STATE}`, version5 ? "algorithm_confusion" : "algorithm_not_allowed"],
    [`/callback?code=malformed${STATE}`, "malformed"],
    [`/callback?code=used-before${STATE}`, "invalid_grant"],
    [`/callback?error=access_denied${STATE}`, "access_denied"],
    [`/callback?error=server_error${STATE}`, "provider_error"],
    ["/refresh?token=revoked", "invalid_grant"],
  ];
}

const ask = async (app: MatrixApp, path: string): Promise<Answer> => send(app.port, path, { agent: false });

describe.each(APPS)("$folder/$entry", ({ folder, entry }) => {
  it("reports how logins at a provider end, and answers as ever", async () => {
    await using provider = await startOidcProvider();
    const env = {
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: OIDC_CLIENT.id,
      OIDC_CLIENT_SECRET: OIDC_CLIENT.secret,
      OIDC_NONCE,
    };
    await using app = await startMatrixApp(folder, entry, { env });
    await using bare = await startMatrixApp(folder, entry, { env, instrumented: false });
    const expected: unknown[] = [];
    for (const [path, reason] of questions(folder)) {
      const [answer, plain] = [await ask(app, path), await ask(bare, path)];
      expect([answer.status, JSON.parse(answer.body)], path).toEqual([plain.status, JSON.parse(plain.body)]);
      expect(answer.status, path).toBe(reason === undefined ? 200 : 401);
      expected.push([reason === undefined ? "success" : "failure", "oidc", reason]);
      const events = await app.waitFor(EVENT.authentication, expected.length);
      expect(
        events.map(({ attributes }) => [
          attributes[ATTR.eventOutcome],
          attributes[ATTR.authMethod],
          attributes[ATTR.authFailureReason],
        ]),
        path,
      ).toEqual(expected);
    }
    expect(app.events(EVENT.authentication)[0]?.attributes[ATTR.userHash]).toMatch(/^[0-9a-f]{32}$/);
    // A session that is prolonged is no login: counted only.
    expect((await ask(app, "/refresh?token=good")).status).toBe(200);
    await app.stop();
    await bare.stop();
    expect(app.events(EVENT.authentication)).toHaveLength(expected.length);
    const successes = app
      .metrics(INSTRUMENTATION_METRICS.authenticationAttempts.name)
      .filter(({ attributes }) => attributes[ATTR.eventOutcome] === "success");
    expect(successes.map(({ attributes, value }) => [attributes[ATTR.authMethod], value])).toEqual([["oidc", 2]]);
    const all = JSON.stringify(app.events());
    for (const secret of ["eyJ", OIDC_CLIENT.secret, OIDC_NONCE, "an-access-token", "the-state"])
      expect(all).not.toContain(secret);
  });
});
