import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing/server-harness.ts";
import { localPath, LOGIN_LINK_LIFETIME, SESSION_LIFETIME } from "./sessions.ts";
import { loadAdminToken } from "./tokens.ts";

let t: TestServer;
beforeAll(async () => {
  t = await startTestServer({
    config: { tokens: [{ name: "rita.müller", role: "reader", token: "reader-token-0123456789" }] },
  });
});
afterAll(() => t.close());

/** Opens a path without any token. */
const open = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  t.request(path, { ...init, headers });
const pathOf = (link: string): string => link.slice(t.url.length);
const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
const signIn = async (): Promise<string> => cookieOf(await open(pathOf(t.server.createLoginLink("/"))));
const form = (fields: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(fields) });

describe("a login link", () => {
  it("starts a session that only this site's requests carry and no script can read, and leads on", async () => {
    const link = t.server.createLoginLink("/incidents/i1?tab=timeline");
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/login\?key=[\w-]{43}$/);
    const response = await open(pathOf(link));
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/incidents/i1?tab=timeline");
    expect(response.headers.getSetCookie()[0]).toMatch(
      /^vedette_session=[^;]+; Max-Age=43200; Path=\/api\/v1; HttpOnly; SameSite=Strict$/,
    );
    const session = await open("/api/v1/session", { cookie: cookieOf(response) });
    expect(await session.json()).toEqual({ actor: "admin", role: "admin" });
  });

  it("is good once, and looking at it does not use it up", async () => {
    const path = pathOf(t.server.createLoginLink("/"));
    await open(path, {}, { method: "HEAD" });
    expect((await open(path)).status).toBe(303);
    const second = await open(path);
    expect(second.status).toBe(403);
    expect(second.headers.getSetCookie()).toEqual([]);
    expect(await second.text()).toContain("was used before");
  });

  it("is good for ten minutes; a new one can be made", async () => {
    const path = pathOf(t.server.createLoginLink("/"));
    t.time.advance(LOGIN_LINK_LIFETIME);
    expect((await open(path)).status).toBe(403);
    expect((await open(pathOf(t.server.createLoginLink("/")))).status).toBe(303);
  });

  it.each([
    ["/incidents/i1", "/incidents/i1"],
    ["//evil.example/", "/"],
    ["/\\evil.example/", "/"],
    ["/a\\b", "/"],
    ["https://evil.example/", "/"],
    ["/\r\nset-cookie: a=b", "/"],
    ["", "/"],
    [undefined, "/"],
  ])("leads from %j to %s", (next, path) => {
    expect(localPath(next)).toBe(path);
  });
});

describe("a session", () => {
  it("ends by itself", async () => {
    const cookie = await signIn();
    t.time.advance(SESSION_LIFETIME - 1);
    expect((await open("/api/v1/session", { cookie })).status).toBe(200);
    t.time.advance(1);
    expect((await open("/api/v1/session", { cookie })).status).toBe(401);
  });

  it("cannot be prolonged, promoted or taken over by changing its cookie", async () => {
    const cookie = cookieOf(await open("/login", {}, form({ token: "reader-token-0123456789" })));
    const [name = "", expiry = "", mac = ""] = cookie.replace("vedette_session=", "").split(".");
    expect((await open("/api/v1/session", { cookie })).status).toBe(200);
    for (const forged of [
      `${name}.${Number(expiry) + 1}.${mac}`,
      `${Buffer.from("admin").toString("base64url")}.${expiry}.${mac}`,
      `${name}.${expiry}.`,
      `${name}.${expiry}`,
      `${name}.1e15.${mac}`,
    ]) {
      expect((await open("/api/v1/session", { cookie: `vedette_session=${forged}` })).status).toBe(401);
    }
  });

  it.each([
    ["of this origin", (url: string) => ({ origin: url }), 200],
    ["of this origin, told by fetch metadata alone", () => ({ "sec-fetch-site": "same-origin" }), 200],
    ["of another origin", () => ({ origin: "https://evil.example" }), 403],
    ["of another port of this machine", () => ({ origin: "http://127.0.0.1:1" }), 403],
    ["of a sandboxed frame", () => ({ origin: "null" }), 403],
    ["of who knows where", () => ({}), 403],
  ])("makes a write from a page %s", async (_, headers, status) => {
    const cookie = await signIn();
    const response = await open(
      "/api/v1/deny-list",
      { cookie, "content-type": "application/json", "idempotency-key": "k", ...headers(t.url) },
      { method: "POST", body: JSON.stringify({ address: "203.0.113.7", seconds: 60, reason: "x" }) },
    );
    expect(response.status).toBe(status);
  });

  it("is ended by signing out", async () => {
    const response = await open("/logout", { cookie: await signIn(), origin: t.url }, { method: "POST" });
    expect(response.status).toBe(303);
    expect(response.headers.getSetCookie()[0]).toMatch(/^vedette_session=; .*Expires=Thu, 01 Jan 1970/);
  });
});

describe("the sign-in page", () => {
  it("takes a token and gives its owner a session", async () => {
    const response = await open("/login", {}, form({ token: " reader-token-0123456789 ", next: "/alerts" }));
    expect(response.headers.get("location")).toBe("/alerts");
    const session = await open("/api/v1/session", { cookie: cookieOf(response) });
    expect(await session.json()).toEqual({ actor: "rita.müller", role: "reader" });
  });

  it("refuses a wrong token, shows what was meant to follow as text, and takes no JSON", async () => {
    const response = await open("/login", {}, form({ token: "wrong", next: '/"><script>alert(1)</script>' }));
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
    const text = await response.text();
    expect(text).toContain("not valid");
    expect(text).not.toContain("<script>");
    expect((await open("/login", { "content-type": "application/json" }, { method: "POST", body: "{}" })).status).toBe(
      415,
    );
    expect((await open("/login", { origin: "https://evil.example" }, form({ token: "x" }))).status).toBe(403);
  });
});

describe("the admin token", () => {
  it("is made once and readable by its owner alone", async () => {
    const path = join(t.folder, "admin-token");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toBe(`${t.adminToken}\n`);
    const again = await loadAdminToken(t.folder, { bytes: () => new Uint8Array(32) });
    expect(again).toEqual({ name: "admin", role: "admin", token: t.adminToken });
  });
});
