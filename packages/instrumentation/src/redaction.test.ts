import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import {
  isSecretName,
  OTEL_SENSITIVE_QUERY_PARAMETERS,
  redactPath,
  redactQuery,
  redactSecrets,
  redactText,
  redactUrl,
  redactUserAgent,
  sampleOf,
} from "./redaction.ts";

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
    "X-Amz-Signature",
    "connect.sid",
    "_csrf",
    "passphrase",
    ...OTEL_SENSITIVE_QUERY_PARAMETERS,
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

  it.each([
    ["pass%77ord=hunter2", "pass%77ord=REDACTED"],
    ["next=https%3A%2F%2Fa%2F%3Ftoken%3Dabc%26x%3D1", "next=https%3A%2F%2Fa%2F%3Ftoken%3DREDACTED%26x%3D1"],
    ["next=%252F%253Ftoken%253Dabc", "next=%252F%253Ftoken%253DREDACTED"],
    ["next=/x?token=abc&q=1", "next=/x?token=REDACTED&q=1"],
    ["a=1;token=abc;b=2", "a=1;token=REDACTED;b=2"],
    ["token", "token"],
    ["=abc", "=abc"],
    ["%=1&%zz=2", "%=1&%zz=2"],
    ["f=%7B%22password%22%3A%22hunter2%22%7D", "f=%7B%22password%22%3AREDACTED%7D"],
    ["to=https://me:hunter2@host/", "to=https://REDACTED:REDACTED@host/"],
    ["to=https%3A%2F%2Fme%3Ahunter2%40host%2F", "to=https%3A%2F%2FREDACTED:REDACTED%40host%2F"],
    ["n=4111+1111+1111+1111", "n=REDACTED"],
    ["n=4111111111111111", "n=REDACTED"],
    ["n=4111111111111112&at=1732190000000", "n=4111111111111112&at=1732190000000"],
    ["who=ada%40example.com", "who=REDACTED"],
    ["k=sk_live_abcdefghijkl", "k=REDACTED"],
    ["q=union+select+1,2+from+users--", "q=union+select+1,2+from+users--"],
    ["q=<img+src=x+onerror=alert(1)>", "q=<img+src=x+onerror=alert(1)>"],
  ])("makes of the query %j %j", (query, expected) => {
    expect(redactQuery(query)).toBe(expected);
  });

  it.each([
    ["/users/7/orders", "/users/7/orders"],
    ["/reset/0f8fad5bd9cb469fa16570867728950e", "/reset/REDACTED"],
    ["/users/0f8fad5b-d9cb-469f-a165-70867728950e", "/users/0f8fad5b-d9cb-469f-a165-70867728950e"],
    ["/shop;jsessionid=1A530637289A03B07199A44E8D531427/cart", "/shop;jsessionid=REDACTED"],
    ["/u/ada@example.com/x", "/u/REDACTED/x"],
    ["/..%2f..%2fetc%2fpasswd", "/..%2f..%2fetc%2fpasswd"],
    ["/a-long-name-of-an-article-without-any-number", "/a-long-name-of-an-article-without-any-number"],
  ])("makes of the path %j %j", (path, expected) => {
    expect(redactPath(path)).toBe(expected);
  });

  it.each([
    ["/reset/abc", "/reset/:token", "/reset/REDACTED"],
    ["/reset/abc/7", "/reset/:token(\\w+)/:id", "/reset/REDACTED/7"],
    ["/a/abc", "/a/{session_id}", "/a/REDACTED"],
    ["/a/abc", "/a/[apiKey]", "/a/REDACTED"],
    ["/reset", "/reset/:token?", "/reset"],
    ["/reset/", "/reset/:token?", "/reset/"],
    ["/files/a/b/c", "/files/*rest/:token", "/files/a/b/c"],
    ["/users/7", "/users/:id", "/users/7"],
    ["/x", "/:name/:token/:more", "/x"],
  ])("makes of the path %j of the route %j %j", (path, route, expected) => {
    expect(redactPath(path, route)).toBe(expected);
  });

  it.each([
    [
      "http://me:pw@169.254.169.254/latest?token=abc&x=1",
      "http://REDACTED:REDACTED@169.254.169.254/latest?token=REDACTED&x=1",
    ],
    ["https://only-a-token@host/", "https://REDACTED:REDACTED@host/"],
    ["no url at all, password=hunter2", "no url at all, password=REDACTED"],
  ])("makes of the URL %j %j", (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });

  it.each([
    ['{"password": "hunter2", "n": 1}', '{"password": REDACTED, "n": 1}'],
    ["password: hunter2", "password: REDACTED"],
    ["api_key='hunter2' or 1=1", "api_key=REDACTED or 1=1"],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "REDACTED"],
    ["AKIAIOSFODNN7EXAMPLE", "REDACTED"],
    ["https://a.example/?token=abc&q=1", "https://a.example/?token=REDACTED&q=1"],
    ["url=https://a/?q=token=abc", "url=https://a/?q=token=REDACTED"],
  ])("makes of the text %j %j", (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it("of any text takes time that grows with its length alone", () => {
    const starts = [
      "a@",
      "password=",
      "4".repeat(20),
      "%22",
      "://a:",
      "eyJ",
      "a.",
      "Basic ",
      "-----BEGIN PRIVATE KEY-----",
      "/a1-",
      "%25",
      "sk-",
    ];
    for (const start of starts) {
      const text = start.repeat(Math.ceil(8192 / start.length));
      const began = performance.now();
      redactQuery(text);
      redactPath(text);
      sampleOf(text);
      expect(performance.now() - began, start).toBeLessThan(100);
    }
  });

  it("knows at a cut what the cut would make unknown", () => {
    for (const [redact, length] of [
      [redactQuery, 2048],
      [redactPath, 1024],
      [redactUserAgent, 512],
    ] as const) {
      const text = redact(`${"a ".repeat(length / 2 - 4)}ada@example.com and more`);
      expect(text).toHaveLength(length);
      expect(text).toMatch(/ REDACTE?D?$/);
    }
    for (let index = 0; index < 600; index++) expect(redactUserAgent(`agent/${index}`)).toBe(`agent/${index}`);
    expect(redactUserAgent("bot (ada@example.com)")).toBe("bot (REDACTED)");
    expect(redactUserAgent("bot (ada@example.com)")).toBe("bot (REDACTED)");
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const redact of [redactQuery, redactPath, redactText, redactUrl, redactUserAgent, sampleOf]) redact(text);
      }),
    );
  });

  it("takes tokens out of any text", () => {
    expect(redactSecrets(`x Bearer abcdefgh12345 y ${JWT} z`)).toBe("x Bearer REDACTED y REDACTED z");
  });

  it("makes a sample of an XML document's declarations, not of what is written in it", () => {
    expect(sampleOf('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><p k="v">my name</p>&b;')).toBe(
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><p k="v">…</p>…',
    );
    expect(sampleOf("<script>alert(1)</script>")).toBe("<script>alert(1)</script>");
  });

  it("makes a sample of 256 characters without control characters", () => {
    expect(sampleOf("a\u0000b\nc\u2028\ud800")).toBe("a\\x00b\\x0ac\\u2028\ufffd");
    expect(sampleOf("x".repeat(10_000))).toHaveLength(256);
  });
});
