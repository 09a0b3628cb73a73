import { describe, expect, it } from "vitest";
import { isSecretName, redactQuery, redactSecrets, sampleOf } from "./redaction.ts";

describe("a name", () => {
  it.each([
    "password",
    "new_password",
    "passwd",
    "Api-Key",
    "access_token",
    "X-Auth-Token",
    "client_secret",
    "session_id",
    "sid",
    "sig",
    "X-Goog-Signature",
    "csrf",
    "card[number]",
  ])("%s is a secret's", (name) => {
    expect(isSecretName(name)).toBe(true);
  });
  it.each(["q", "page", "name", "assignee", "design", "side", "pinned", "zipcode", "author"])("%s is none", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe("redaction", () => {
  const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

  it("takes secrets out of a query and leaves the rest as it was", () => {
    expect(redactQuery(`q=it%27s&token=abc&next=/x?y&jwtish=${JWT}&flag`)).toBe(
      "q=it%27s&token=REDACTED&next=/x?y&jwtish=REDACTED&flag",
    );
    expect(redactQuery("a".repeat(5000))).toHaveLength(2048);
  });

  it("takes tokens out of any text", () => {
    expect(redactSecrets(`x Bearer abcdefgh12345 y ${JWT} z`)).toBe("x Bearer REDACTED y REDACTED z");
  });

  it("makes a sample of 256 characters without control characters", () => {
    expect(sampleOf("a\u0000b\nc\u2028\ud800")).toBe("a\\x00b\\x0ac\\u2028\ufffd");
    expect(sampleOf("x".repeat(10_000))).toHaveLength(256);
  });
});
