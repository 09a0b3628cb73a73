import { generateKeyPairSync, sign, createHash, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ATTR,
  GUARD_PATHS,
  INSTRUMENTATION_METRICS,
  type GuardDecision,
  type GuardKey,
  type GuardSnapshot,
} from "@vedette/semconv";
import { close, listen, until } from "../testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "../testing/telemetry.ts";
import { createGuardDecisions } from "./decisions.ts";
import { createEventStreamParser } from "./event-stream.ts";
import { startGuard, type Guard } from "./guard.ts";
import { readGuardKey, readSnapshot } from "./snapshot.ts";

const decision = (value: string, expiresAt: number, change: Partial<GuardDecision> = {}): GuardDecision => ({
  id: `block ${value}`,
  action: "block",
  targets: [{ kind: "client.address", value }],
  expiresAt,
  reason: "test",
  ...change,
});

/** A worker's end of the guard: a key, a stream, and snapshots that the test sends. */
class SigningServer {
  readonly keys: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync("ed25519");
  readonly streams = new Set<http.ServerResponse>();
  readonly seenHeaders: http.IncomingHttpHeaders[] = [];
  keyRequests = 0;
  greeting: string | undefined;
  readonly server: http.Server = http.createServer((request, response) => {
    this.seenHeaders.push(request.headers);
    if (request.url === GUARD_PATHS.key) {
      this.keyRequests++;
      response.end(JSON.stringify(this.key()));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
    if (this.greeting !== undefined) response.write(this.greeting);
    this.streams.add(response);
    response.on("close", () => this.streams.delete(response));
  });

  key(): GuardKey {
    const der = this.keys.publicKey.export({ format: "der", type: "spki" });
    return {
      algorithm: "Ed25519",
      publicKey: der.toString("base64"),
      keyId: createHash("sha256").update(der.subarray(-32)).digest("hex").slice(0, 16),
    };
  }

  event(
    sequence: number,
    decisions: readonly GuardDecision[],
    change: { signature?: string; keyId?: string; payload?: string } = {},
  ): string {
    const snapshot: GuardSnapshot = { version: 2, sequence, issuedAt: Date.now(), off: false, decisions };
    const payload = change.payload ?? JSON.stringify(snapshot);
    const signature = change.signature ?? sign(null, Buffer.from(payload), this.keys.privateKey).toString("base64");
    return `event: snapshot\ndata: ${JSON.stringify({ payload, signature, keyId: change.keyId ?? this.key().keyId })}\n\n`;
  }

  send(text: string): void {
    for (const stream of this.streams) stream.write(text);
  }
}

describe("a snapshot", () => {
  const worker = new SigningServer();
  const key = readGuardKey(worker.key().publicKey);
  const dataOf = (event: string): string => event.slice(event.indexOf("data: ") + 6).trim();
  const good = [decision("203.0.113.7", 1000)];

  it.each([
    ["is read when signature, key and sequence are right", worker.event(5, good), 4, undefined],
    ["is read again with the same sequence, as a reconnect brings it", worker.event(5, good), 5, undefined],
    ["is refused when it is older than the last", worker.event(4, good), 5, "replay"],
    [
      "is refused with a signature of something else",
      worker.event(5, good, { signature: Buffer.alloc(64, 1).toString("base64") }),
      4,
      "signature",
    ],
    ["is refused with a signature of the wrong length", worker.event(5, good, { signature: "AAAA" }), 4, "signature"],
    ["is refused under another key", worker.event(5, good, { keyId: "0000000000000000" }), 4, "unknown_key"],
    ["is refused when the signed text is no JSON", worker.event(5, good, { payload: "{" }), 4, "malformed"],
    [
      "is refused in another version",
      worker.event(5, good, { payload: '{"version":1,"sequence":5,"issuedAt":0,"off":false,"decisions":[]}' }),
      4,
      "malformed",
    ],
    [
      "is refused with a decision that has no end",
      worker.event(5, good, {
        payload:
          '{"version":2,"sequence":5,"issuedAt":0,"off":false,"decisions":[{"id":"a","action":"block","targets":[{"kind":"client.address","value":"192.0.2.1"}]}]}',
      }),
      4,
      "malformed",
    ],
    ["is refused when it is no JSON at all", "data: nonsense", 4, "malformed"],
  ])("%s", (_name, event, last, refusal) => {
    const reading = readSnapshot(dataOf(event), key, last);
    expect(reading.refusal).toBe(refusal);
    if (refusal === undefined) expect(reading.snapshot?.decisions).toEqual(good);
  });

  it("is verified over the exact text that was sent", () => {
    const signed = JSON.parse(dataOf(worker.event(5, good))) as { payload: string };
    const changed = JSON.stringify({ ...signed, payload: signed.payload.replace("203.0.113.7", "203.0.113.8") });
    expect(readSnapshot(changed, key, 0).refusal).toBe("signature");
  });

  it("needs an Ed25519 key", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
      .publicKey.export({ format: "der", type: "spki" })
      .toString("base64");
    expect(() => readGuardKey(rsa)).toThrow("Ed25519");
  });
});

describe("decisions in force", () => {
  it("leave by themselves at their exact time", () => {
    let now = 0;
    const changes: number[] = [];
    const decisions = createGuardDecisions({ now: () => now, onChange: (difference) => changes.push(difference) });
    decisions.replace([decision("192.0.2.1", 1000), decision("192.0.2.2", 2000)]);
    now = 999;
    expect(decisions.match("192.0.2.1")?.id).toBe("block 192.0.2.1");
    now = 1000;
    expect([decisions.match("192.0.2.1"), decisions.match("192.0.2.2")?.id, decisions.size()]).toEqual([
      undefined,
      "block 192.0.2.2",
      1,
    ]);
    now = 2000;
    expect(decisions.size()).toBe(0);
    expect(changes).toEqual([2, -1, -1]);
  });

  it("are exactly those of the last snapshot that have not expired", () => {
    const unknown: string[] = [];
    const address = (value: string) => ({ kind: "client.address", value }) as const;
    const decisions = createGuardDecisions({
      now: () => 500,
      onUnknown: (refused, why) => unknown.push(`${refused.id}: ${why}`),
    });
    decisions.replace([decision("192.0.2.1", 1000)]);
    decisions.replace([
      decision("::FFFF:192.0.2.3", 1000),
      decision("2001:DB8:0:0::1", 1000),
      decision("192.0.2.4", 400),
      decision("192.0.2.5", 1000, { id: "no rate", action: "throttle" }),
      decision("192.0.2.6", 1000, { id: "no network", targets: [{ kind: "client.address", value: "192.0.2.0/33" }] }),
      decision("192.0.2.7", 1000, { id: "to the moon", action: "banish" as "block" }),
      decision("192.0.2.8", 1000, { id: "twice", targets: [address("192.0.2.8"), address("192.0.2.9")] }),
      decision("192.0.2.9", 1000, { id: "nobody", targets: [] }),
      decision("192.0.2.10", 1000, { id: "by shoe", targets: [{ kind: "shoe" as "user.hash", value: "42" }] }),
    ]);
    expect(
      ["192.0.2.1", "192.0.2.3", "2001:db8::1", "192.0.2.4", "192.0.2.5", undefined].map(
        (address) => decisions.match(address)?.id,
      ),
    ).toEqual([undefined, "block ::FFFF:192.0.2.3", "block 2001:DB8:0:0::1", undefined, undefined, undefined]);
    expect(unknown).toEqual([
      "no rate: rate",
      "no network: target",
      "to the moon: action",
      "twice: target",
      "nobody: target",
      "by shoe: target",
    ]);
  });

  it("block until the later of two ends", () => {
    const decisions = createGuardDecisions({ now: () => 0 });
    decisions.replace([decision("192.0.2.1", 2000, { id: "long" }), decision("192.0.2.1", 1000, { id: "short" })]);
    expect(decisions.match("192.0.2.1")?.id).toBe("long");
  });
});

describe("the event stream", () => {
  it("is read the same however it is cut into pieces", () => {
    const text =
      ": comment\r\nevent: snapshot\r\ndata: one\r\n\r\ndata:two\ndata: three\n\nevent: x\n\nid: 4\ndata\n\n";
    const expected = [
      { event: "snapshot", data: "one" },
      { event: "message", data: "two\nthree" },
      { event: "message", data: "" },
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 12 }), (cuts) => {
        const parser = createEventStreamParser(1000);
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const events = places.slice(1).flatMap((end, index) => parser.push(text.slice(places[index], end)));
        expect(events).toEqual(expected);
      }),
    );
  });

  it("refuses an event without end", () => {
    expect(() => createEventStreamParser(100).push(`data: ${"x".repeat(200)}`)).toThrow(RangeError);
  });
});

describe("a guard", () => {
  let worker: SigningServer;
  let port: number;
  let guard: Guard | undefined;
  let telemetry: TestTelemetry;
  let folder: string;
  const warnings: string[] = [];

  beforeEach(async () => {
    worker = new SigningServer();
    port = await listen(worker.server);
    telemetry = createTestTelemetry();
    folder = mkdtempSync(join(tmpdir(), "vedette-guard-"));
    warnings.length = 0;
  });

  afterEach(async () => {
    await guard?.stop();
    await close(worker.server);
    await telemetry.end();
    rmSync(folder, { recursive: true });
  });

  function start(
    settings: { publicKey?: string; pinFile?: string; token?: string; url?: string } = {},
    now?: () => number,
  ): Guard {
    guard = startGuard(
      {
        url: new URL(settings.url ?? `http://127.0.0.1:${port}`),
        publicKey: settings.publicKey,
        pinFile: settings.pinFile,
        token: settings.token,
      },
      {
        reporter: telemetry.reporter,
        warn: (_code, message) => warnings.push(message),
        timing: { firstDelay: 5, longestDelay: 100 },
        random: () => 0,
        ...(now === undefined ? {} : { now }),
      },
    );
    return guard;
  }

  const later = (): number => Date.now() + 600_000;

  it("fetches the key once, then applies, replaces and lifts what the worker signs", async () => {
    const { decisions, connected } = start({ token: "secret" });
    await until(() => worker.streams.size === 1);
    worker.send(worker.event(1, [decision("203.0.113.7", later())]));
    await until(() => decisions.size() === 1);
    expect(connected()).toBe(true);
    expect(decisions.match("203.0.113.7")?.id).toBe("block 203.0.113.7");
    worker.send(worker.event(2, []));
    await until(() => decisions.size() === 0);
    expect(worker.keyRequests).toBe(1);
    expect(worker.seenHeaders.every((headers) => headers.authorization === "Bearer secret")).toBe(true);
    expect(warnings).toEqual([]);
  });

  it("keeps what is in force while the worker is away, and takes the next snapshot when it is back", async () => {
    worker.greeting = worker.event(1, [decision("203.0.113.7", later())]);
    const { decisions, connected } = start();
    await until(() => decisions.size() === 1);
    await close(worker.server);
    await until(() => !connected());
    expect(decisions.match("203.0.113.7")).toBeDefined();
    worker.greeting = worker.event(2, [decision("203.0.113.8", later())]);
    await new Promise<void>((resolve) => worker.server.listen(port, "127.0.0.1", resolve));
    await until(() => decisions.match("203.0.113.8") !== undefined);
    expect(decisions.match("203.0.113.7")).toBeUndefined();
    expect(worker.keyRequests).toBe(1);
  });

  it("refuses forged and replayed snapshots, says so once each, and stays with the last good one", async () => {
    const { decisions } = start({ publicKey: worker.key().publicKey });
    await until(() => worker.streams.size === 1);
    const stranger = new SigningServer();
    const forged = stranger.event(9, [decision("198.51.100.1", later())], { keyId: worker.key().keyId });
    const replayed = worker.event(3, [decision("198.51.100.2", later())]);
    worker.send(worker.event(4, [decision("203.0.113.7", later())]));
    for (const event of [forged, forged, replayed, stranger.event(9, []), "event: snapshot\ndata: {}\n\n"])
      worker.send(event);
    await until(async () => (await telemetry.points(INSTRUMENTATION_METRICS.guardSnapshotsRefused.name)).length === 4);
    expect(decisions.size()).toBe(1);
    expect(decisions.match("203.0.113.7")).toBeDefined();
    const refused = await telemetry.points(INSTRUMENTATION_METRICS.guardSnapshotsRefused.name);
    expect(Object.fromEntries(refused.map((point) => [point.attributes[ATTR.errorType], point.value]))).toEqual({
      signature: 2,
      replay: 1,
      unknown_key: 1,
      malformed: 1,
    });
    expect(warnings).toHaveLength(4);
    expect(worker.keyRequests).toBe(0);
  });

  it("begins a decision's time anew for no repetition of the same snapshot", async () => {
    let now = 1_000_000;
    const { decisions } = start({}, () => now);
    const issued = Date.now();
    const payload = JSON.stringify({
      version: 2,
      sequence: 1,
      issuedAt: issued,
      off: false,
      decisions: [decision("203.0.113.7", issued + 1_000)],
    } satisfies GuardSnapshot);
    await until(() => worker.streams.size === 1);
    worker.send(worker.event(1, [], { payload }));
    await until(() => decisions.size() === 1);
    now += 600;
    worker.send(worker.event(1, [], { payload }));
    // Another one behind it, refused, tells that it was read.
    worker.send(worker.event(0, []));
    await until(() => warnings.length > 0);
    now += 399;
    expect(decisions.size()).toBe(1);
    now += 1;
    expect(decisions.size()).toBe(0);
  });

  it("refuses an action that it does not apply by name, once", async () => {
    const { decisions } = start();
    const unknown = decision("192.0.2.1", later(), { action: "banish" as "block" });
    worker.greeting = worker.event(1, [unknown]) + worker.event(2, [unknown, decision("192.0.2.2", later())]);
    await until(() => decisions.size() === 1);
    expect(warnings).toEqual(['the guard does not know the action "banish".']);
  });

  it("pins the key of the first contact in a file and believes no other afterwards", async () => {
    const pinFile = join(folder, "guard.pin");
    start({ pinFile });
    await until(() => worker.streams.size === 1);
    expect(readFileSync(pinFile, "utf8").trim()).toBe(worker.key().publicKey);
    await guard?.stop();
    const stranger = new SigningServer();
    worker.greeting = stranger.event(1, [decision("192.0.2.1", later())]);
    const { decisions } = start({ pinFile });
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain("another key than the pinned one");
    expect(decisions.size()).toBe(0);
    writeFileSync(pinFile, "nonsense");
    expect(() => start({ pinFile })).toThrow();
  });

  it("fetches no key over an unprotected network", async () => {
    start({ url: "http://192.0.2.1:7333" });
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain("VEDETTE_GUARD_PUBLIC_KEY is needed");
  });

  it("tells in metrics what is in force and whether it is connected", async () => {
    worker.greeting = worker.event(1, [decision("203.0.113.7", later()), decision("203.0.113.8", later())]);
    const { decisions } = start();
    await until(() => decisions.size() === 2);
    expect(await telemetry.points(INSTRUMENTATION_METRICS.guardDecisions.name)).toEqual([
      { name: "vedette.guard.decisions", attributes: {}, value: 2 },
    ]);
    expect(await telemetry.points(INSTRUMENTATION_METRICS.guardConnected.name)).toEqual([
      { name: "vedette.guard.connected", attributes: {}, value: 1 },
    ]);
  });
});
