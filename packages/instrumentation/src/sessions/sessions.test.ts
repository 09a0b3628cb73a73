import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import type { ReceivedEvent } from "../testing/otlp-receiver.ts";
import { send, type Answer } from "../testing/requests.ts";

const APPS = ["express-4", "express-5", "fastify-4", "fastify-5"].flatMap((folder) =>
  ["sessions.mjs", "sessions.cjs"].map((entry) => ({ folder, entry })),
);
const ENVIRONMENT = { VEDETTE_TRUSTED_PROXIES: "127.0.0.1", VEDETTE_HASH_KEY: "the key of this test" };
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEWER_FIREFOX = FIREFOX.replaceAll("140", "141");

/** Somebody with a browser, who keeps the cookie that an answer sets. */
class Browser {
  cookie: string | undefined;
  agent = FIREFOX;
  address = "192.0.2.7";
  readonly app: MatrixApp;

  constructor(app: MatrixApp) {
    this.app = app;
  }

  async ask(method: string, path: string): Promise<Answer> {
    const answer = await send(this.app.port, path, {
      agent: false,
      method,
      headers: {
        "user-agent": this.agent,
        "x-forwarded-for": this.address,
        ...(this.cookie === undefined ? {} : { cookie: `theme=dark; ${this.cookie}` }),
      },
    });
    const [set] = answer.headers["set-cookie"] ?? [];
    if (set !== undefined) this.cookie = set.split(";")[0];
    return answer;
  }
}

const facts = ({ attributes, severity }: ReceivedEvent): unknown[] => [
  attributes[ATTR.sessionAction],
  severity,
  ...(attributes[ATTR.sessionChanged] === undefined ? [] : [attributes[ATTR.sessionChanged]]),
];

describe.each(APPS)("$folder/$entry", ({ folder, entry }) => {
  let app: MatrixApp;
  let before: number;
  /** What is counted without an event. */
  const silent = { created: 0, expired: 0 };

  beforeAll(async () => {
    app = await startMatrixApp(folder, entry, { env: ENVIRONMENT });
  });
  beforeEach(() => {
    before = app.events(EVENT.session).length;
  });
  afterAll(async () => {
    await app.stop();
  });

  /** The events about sessions of one test, once so many have arrived. */
  async function sessionEvents(count: number): Promise<readonly ReceivedEvent[]> {
    return (await app.waitFor(EVENT.session, before + count)).slice(before);
  }

  it("tells of a careful life of a session, and who it belongs to", async () => {
    const ada = new Browser(app);
    await ada.ask("GET", "/me");
    expect(ada.cookie).toBeUndefined();
    await ada.ask("POST", "/cart");
    silent.created++;
    const anonymous = ada.cookie;
    await ada.ask("POST", "/login");
    expect(ada.cookie).not.toBe(anonymous);
    expect((await ada.ask("GET", "/me")).body).toBe('{"user":7,"cart":1}');
    await ada.ask("GET", "/nowhere");
    await ada.ask("POST", "/logout");
    const events = await sessionEvents(2);
    expect(events.map(facts)).toEqual([
      ["renewed", "INFO"],
      ["revoked", "INFO"],
    ]);
    const [renewed, revoked] = events;
    expect(renewed?.attributes[ATTR.sessionId]).toMatch(/^[0-9a-f]{32}$/);
    expect(renewed?.attributes[ATTR.sessionPreviousId]).toMatch(/^[0-9a-f]{32}$/);
    expect(revoked?.attributes[ATTR.sessionId]).toBe(renewed?.attributes[ATTR.sessionId]);
    expect(revoked?.attributes[ATTR.userHash]).toBe(renewed?.attributes[ATTR.userHash]);
    const [refused] = await app.waitFor(EVENT.requestRefused);
    expect(refused?.attributes[ATTR.sessionId]).toBe(renewed?.attributes[ATTR.sessionId]);
    expect(refused?.attributes[ATTR.userHash]).toBe(renewed?.attributes[ATTR.userHash]);
    const all = JSON.stringify(app.events());
    for (const cookie of [anonymous, ada.cookie])
      expect(all).not.toContain(decodeURIComponent(cookie ?? "").slice("sid=s:".length, 30));
  });

  it("tells of a login that keeps the session's id, and not of the next one", async () => {
    const ada = new Browser(app);
    await ada.ask("POST", "/cart");
    silent.created++;
    await ada.ask("POST", "/careless-login");
    await ada.ask("POST", "/careless-login");
    await ada.ask("POST", "/logout-renewed");
    const fresh = new Browser(app);
    await fresh.ask("POST", "/careless-login");
    const events = await sessionEvents(3);
    expect(events.map(facts)).toEqual([
      ["fixation", "WARN"],
      ["revoked", "INFO"],
      ["created", "INFO"],
    ]);
    expect(events[0]?.attributes[ATTR.userHash]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("tells a tampered cookie from one whose session is over", async () => {
    const ada = new Browser(app);
    await ada.ask("POST", "/cart");
    silent.created++;
    const [good = "", over] = [ada.cookie, ada.cookie];
    await ada.ask("POST", "/logout");
    await sessionEvents(1);
    const mallory = new Browser(app);
    const [name = "", value = ""] = good.split("=");
    const id = decodeURIComponent(value).replace(/^s:/, "").split(".")[0] ?? "";
    const forged = ["s:guessed-id.c2lnbmF0dXJl", `s:${id}.c2lnbmF0dXJl`, id, `s:${id}`];
    for (const [index, text] of forged.entries()) {
      mallory.cookie = `${name}=${encodeURIComponent(text)}`;
      await mallory.ask("GET", "/me");
      expect((await sessionEvents(index + 2)).slice(1).map(facts)).toEqual(
        forged.slice(0, index + 1).map(() => ["invalid", "WARN"]),
      );
    }
    ada.cookie = over;
    await ada.ask("GET", "/me");
    silent.expired++;
  });

  it("tells when a session goes to another client, and when two use it at once", async () => {
    const ada = new Browser(app);
    await ada.ask("POST", "/login");
    await ada.ask("GET", "/me");
    // A neighbour's address and an update of the browser are the same client.
    Object.assign(ada, { address: "192.0.2.99", agent: NEWER_FIREFOX });
    await ada.ask("GET", "/me");
    ada.address = "198.51.100.1";
    await ada.ask("GET", "/me");
    const thief = Object.assign(new Browser(app), { cookie: ada.cookie, agent: "curl/8.14", address: "203.0.113.9" });
    await thief.ask("GET", "/me");
    await ada.ask("GET", "/me");
    await thief.ask("GET", "/me");
    expect((await sessionEvents(4)).map(facts)).toEqual([
      ["created", "INFO"],
      ["client_changed", "INFO", ["address"]],
      ["client_changed", "WARN", ["address", "user_agent"]],
      ["concurrent", "WARN", ["address", "user_agent"]],
    ]);
  });

  it("answers as ever, and counts what it has told and what it has not", async () => {
    await using bare = await startMatrixApp(folder, entry, { instrumented: false });
    const [ada, bob] = [new Browser(app), new Browser(bare)];
    const asked: readonly (readonly [string, string])[] = [
      ["GET", "/me"],
      ["POST", "/cart"],
      ["POST", "/login"],
      ["GET", "/broken"],
      ["GET", "/nowhere"],
      ["POST", "/logout-renewed"],
      ["POST", "/cart"],
      ["POST", "/careless-login"],
      ...(folder.startsWith("express") ? ([["POST", "/forget"]] as const) : []),
      ["GET", "/me"],
      ["POST", "/logout"],
      ["GET", "/me"],
    ];
    for (const [method, path] of asked) {
      const [one, other] = [await ada.ask(method, path), await bob.ask(method, path)];
      const visible = ({ status, headers, body }: Answer): unknown => [
        status,
        body,
        Object.keys(headers),
        headers["set-cookie"]?.map((cookie) => cookie.replace(/=[^;]*/, "").replace(/\d\d:\d\d:\d\d/, "")),
      ];
      expect(visible(one), path).toEqual(visible(other));
    }
    // @fastify/session takes the cookie away with the renewed, empty session, and the next request gets another.
    silent.created += folder.startsWith("fastify") ? 2 : 1;
    silent.expired++;
    await Promise.all([app.stop(), bare.stop()]);
    expect(app.errors()).toBe(bare.errors());
    const told = Object.groupBy(app.events(EVENT.session), ({ attributes }) => String(attributes[ATTR.sessionAction]));
    const counted = app
      .metrics(INSTRUMENTATION_METRICS.sessionEvents.name)
      .map(({ attributes, value }) => [String(attributes[ATTR.sessionAction]), value] as const);
    const expected = Object.fromEntries(Object.entries(told).map(([action, events]) => [action, events?.length ?? 0]));
    for (const action of ["created", "expired"] as const) expected[action] = (expected[action] ?? 0) + silent[action];
    expect(Object.fromEntries(counted)).toEqual(expected);
  });
});
