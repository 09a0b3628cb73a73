import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request as rawRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing/server-harness.ts";

let t: TestServer;
let folder: string;
let shown: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vedette-console-"));
  await mkdir(join(folder, "console/host"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(folder, "console/index.html"), "<p>console</p>");
  await writeFile(join(folder, "console/host/host.js"), "boot()");
  await writeFile(join(folder, "console/host/main.1f2e3d4c5b.css"), "a{}");
  await writeFile(join(folder, "console/.env"), "secret");
  await symlink(join(folder, "secret.txt"), join(folder, "console/link.txt"));
  t = await startTestServer({ consoleFolder: () => shown });
});
afterAll(async () => {
  await t.close();
  await rm(folder, { recursive: true });
});

/** A request whose path is sent as it stands: fetch would tidy it up. */
const raw = (path: string): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(t.url);
    rawRequest({ hostname, port, path, method: "GET" }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += String(chunk)));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on("error", reject)
      .end();
  });

describe("the console", () => {
  it("says that it is being built until it is there, and opens then without a restart", async () => {
    shown = undefined;
    const waiting = await t.request("/incidents/i1", { headers: {} });
    expect(waiting.status).toBe(200);
    expect(waiting.headers.get("cache-control")).toBe("no-store");
    const text = await waiting.text();
    expect(text).toContain("being built");
    expect(text).toContain('http-equiv="refresh"');
    expect((await t.request("/host/host.js", { headers: {} })).status).toBe(404);
    shown = join(folder, "not-yet");
    expect(await (await t.request("/", { headers: {} })).text()).toContain("being built");
    shown = join(folder, "console");
    expect(await (await t.request("/incidents/i1", { headers: {} })).text()).toBe("<p>console</p>");
  });

  it.each([
    ["/", "text/html; charset=utf-8", "no-cache", "<p>console</p>"],
    ["/index.html", "text/html; charset=utf-8", "no-cache", "<p>console</p>"],
    ["/a/vedette-security-app/alerts", "text/html; charset=utf-8", "no-cache", "<p>console</p>"],
    ["/host/host.js", "text/javascript; charset=utf-8", "no-cache", "boot()"],
    ["/host/host.js?v=1", "text/javascript; charset=utf-8", "no-cache", "boot()"],
    ["/host/main.1f2e3d4c5b.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable", "a{}"],
  ])("serves %s", async (path, type, caching, body) => {
    shown = join(folder, "console");
    const response = await t.request(path, { headers: {} });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("cache-control")).toBe(caching);
    expect(await response.text()).toBe(body);
    const again = await t.request(path, { headers: { "if-none-match": response.headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
    const head = await t.request(path, { method: "HEAD", headers: {} });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(body.length)]);
  });

  it.each([
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/host/..%2f..%2fsecret.txt",
    "/host/%5c..%5c..%5csecret.txt",
    "/.env",
    "/host/../.env",
    "/link.txt",
    "/%00secret.txt",
    "/missing.js",
    "//secret.txt",
  ])("answers 404 to %s", async (path) => {
    shown = join(folder, "console");
    const { status, body } = await raw(path);
    expect(status).toBe(404);
    expect(body).not.toContain("secret.txt\n");
    expect(body).not.toBe("secret");
  });

  it("takes no page for an answer of the API", async () => {
    shown = join(folder, "console");
    const response = await t.request("/api/v2/alerts", { headers: { accept: "text/html" } });
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toMatch(/problem\+json/);
  });
});
