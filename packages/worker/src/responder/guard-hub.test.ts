import { createHash, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GUARD_PATHS, type GuardKey, type GuardSnapshot, type SignedGuardSnapshot } from "@vedette/semconv";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { readEvents } from "../testing/event-reader.ts";
import { startTestServer, type TestServer } from "../testing/server-harness.ts";
import { sampleDeny, sampleEffect } from "../testing/store-samples.ts";
import { createGuardSigner, loadGuardSigner } from "./guard-key.ts";
import { loadGuardSequence } from "./guard-sequence.ts";

const random = { bytes: (count: number) => randomBytes(count) };

describe("a guard's stream", () => {
  let t: TestServer;
  let key: GuardKey;
  beforeEach(async () => {
    t = await startTestServer();
    key = (await (await t.request(GUARD_PATHS.key, { headers: {} })).json()) as GuardKey;
  });
  afterEach(() => t.close());

  let step = 0;
  const commit = (...denyList: ReturnType<typeof sampleDeny>[]) =>
    t.store.commit({ id: `step-${(step += 1)}`, denyList });
  const connect = async () => {
    const response = await t.request(GUARD_PATHS.stream, { headers: {} });
    expect(response.status).toBe(200);
    const events = readEvents(response);
    return {
      ...events,
      /** The next snapshot, its signature checked as a guard does. */
      async snapshot(): Promise<GuardSnapshot> {
        const { event, data } = await events.next();
        expect(event).toBe("snapshot");
        const signed = JSON.parse(data) as SignedGuardSnapshot;
        const publicKey = createPublicKey({ key: Buffer.from(key.publicKey, "base64"), format: "der", type: "spki" });
        expect(verify(null, Buffer.from(signed.payload), publicKey, Buffer.from(signed.signature, "base64"))).toBe(
          true,
        );
        expect(signed.keyId).toBe(key.keyId);
        return JSON.parse(signed.payload) as GuardSnapshot;
      },
    };
  };

  it("begins with everything in force", async () => {
    await commit(
      sampleDeny("d1", { state: "in_force", expiresAt: 9_000, reason: "stuffing" }),
      sampleDeny("d2", { state: "pending", address: "2001:db8::7" }),
      sampleDeny("d3", { state: "undone", endedAt: 3_500 }),
      sampleDeny("d4", { state: "in_force", expiresAt: 4_000 }),
    );
    const { version, issuedAt, decisions } = await (await connect()).snapshot();
    expect({ version, issuedAt }).toEqual({ version: 2, issuedAt: 4_000 });
    expect(decisions).toEqual([
      {
        id: "d1",
        action: "block",
        targets: [{ kind: "client.address", value: "203.0.113.7" }],
        expiresAt: 9_000,
        reason: "stuffing",
      },
      {
        id: "d2",
        action: "block",
        targets: [{ kind: "client.address", value: "2001:db8::7" }],
        expiresAt: 900_000,
        reason: "Attack",
      },
    ]);
  });

  it("sends a whole snapshot with a larger number on every change, to every guard", async () => {
    const guards = [await connect(), await connect()];
    let last = Math.max(
      ...(await Promise.all(guards.map((guard) => guard.snapshot()))).map(({ sequence }) => sequence),
    );
    expect(t.guardHub.clients()).toBe(2);
    for (const [entry, ids] of [
      [sampleDeny("d1", { state: "in_force" }), ["d1"]],
      [sampleDeny("d2", { state: "in_force", address: "198.51.100.4" }), ["d1", "d2"]],
      [sampleDeny("d1", { state: "undone", endedAt: 4_000 }), ["d2"]],
    ] as const) {
      await commit(entry);
      const snapshots = await Promise.all(guards.map((guard) => guard.snapshot()));
      expect(snapshots.map(({ decisions }) => decisions.map(({ id }) => id))).toEqual([ids, ids]);
      expect(snapshots[0]?.sequence).toBeGreaterThan(last);
      expect(snapshots[1]).toEqual(snapshots[0]);
      last = snapshots[0]?.sequence ?? 0;
    }
    expect(t.guardHub.decisions()).toBe(1);
  });

  it("lets an expired entry leave by itself", async () => {
    await commit(sampleDeny("d1", { state: "in_force", expiresAt: 4_500 }));
    const guard = await connect();
    expect((await guard.snapshot()).decisions).toHaveLength(1);
    t.time.advance(1_000);
    expect((await guard.snapshot()).decisions).toEqual([]);
  });

  it("carries out guard.publish effects, again and again with the same result", async () => {
    await commit(sampleDeny("d1"));
    const guard = await connect();
    const { sequence } = await guard.snapshot();
    const effect = {
      ...sampleEffect("e1"),
      action: "guard.publish",
      state: "attempting",
      attempts: 1,
      notBefore: 0,
    } as const;
    expect(t.guardHub.executor).toMatchObject({ action: "guard.publish", guarantee: "idempotent" });
    for (const more of [1, 2]) {
      expect(await t.guardHub.executor.execute(effect)).toEqual({
        outcome: "done",
        detail: `snapshot ${sequence + more} with 1 decisions sent to 1 guards`,
      });
      expect(await guard.snapshot()).toMatchObject({ sequence: sequence + more, decisions: [{ id: "d1" }] });
    }
  });

  it("says that an effect has failed when the store cannot be read", async () => {
    await t.store[Symbol.asyncDispose]();
    const effect = {
      ...sampleEffect("e1"),
      action: "guard.publish",
      state: "attempting",
      attempts: 1,
      notBefore: 0,
    } as const;
    expect((await t.guardHub.executor.execute(effect)).outcome).toBe("failed");
    expect((await t.request(GUARD_PATHS.stream, { headers: {} })).status).toBe(503);
    expect(t.guardHub.clients()).toBe(0);
  });
});

describe("a guard that polls", () => {
  let t: TestServer;
  beforeEach(async () => {
    t = await startTestServer();
  });
  afterEach(() => t.close());

  let step = 0;
  const commit = (...denyList: ReturnType<typeof sampleDeny>[]) =>
    t.store.commit({ id: `poll-${(step += 1)}`, denyList });
  const poll = async (query: string): Promise<{ readonly status: number; readonly snapshot?: GuardSnapshot }> => {
    const response = await t.request(`${GUARD_PATHS.decisions}?${query}`, { headers: {} });
    expect(response.headers.get("cache-control")).toBe("no-store");
    if (response.status !== 200) return { status: response.status };
    const { payload } = (await response.json()) as SignedGuardSnapshot;
    return { status: 200, snapshot: JSON.parse(payload) as GuardSnapshot };
  };
  const waiting = (guards: number) => vi.waitFor(() => expect(t.guardHub.clients()).toBe(guards));

  it("gets a fresh snapshot at once when it has none, and counts as there", async () => {
    await commit(sampleDeny("d1", { state: "in_force", expiresAt: 9_000 }));
    t.time.advance(500);
    const { snapshot } = await poll("after=0&wait=25&guard=ab");
    expect(snapshot).toMatchObject({ version: 2, issuedAt: 4_500, off: false, decisions: [{ id: "d1" }] });
    expect(t.guardHub.clients()).toBe(1);
    t.time.advance(40_001);
    expect(t.guardHub.clients()).toBe(0);
  });

  it("waits for news, and gets it with a larger number; a second guard gets the same", async () => {
    const { snapshot } = await poll("guard=ab");
    const after = snapshot?.sequence ?? 0;
    const answers = ["ab", "cd"].map((guard) => poll(`after=${after}&wait=25&guard=${guard}`));
    await waiting(2);
    await commit(
      sampleDeny("d1", { action: "throttle", rate: { limit: 2, seconds: 3, burst: 4 } }),
      sampleDeny("d2", { address: undefined, action: "off", targets: [] }),
    );
    for (const answer of await Promise.all(answers)) {
      expect(answer.snapshot).toMatchObject({
        off: true,
        decisions: [{ id: "d1", action: "throttle", rate: { limit: 2, seconds: 3, burst: 4 } }],
      });
      expect(answer.snapshot?.sequence).toBeGreaterThan(after);
    }
  });

  it("gets what was published between two polls", async () => {
    const { snapshot } = await poll("guard=ab");
    await commit(sampleDeny("d1"));
    await t.guardHub.publish();
    expect((await poll(`after=${snapshot?.sequence ?? 0}&wait=25&guard=ab`)).snapshot?.decisions).toHaveLength(1);
  });

  it("gets 204 when its time is over, and nothing more is kept of it", async () => {
    const { snapshot } = await poll("guard=ab");
    const answer = poll(`after=${snapshot?.sequence ?? 0}&wait=5&guard=ab`);
    await waiting(1);
    const until = setInterval(() => t.time.advance(1_000), 20);
    expect((await answer).status).toBe(204);
    clearInterval(until);
  });

  it.each(["after=-1", "after=x", "wait=26", "wait=-1", "guard=..%2F", "guard=", "more=1"])(
    "is refused with %s",
    async (query) => {
      expect((await poll(query)).status).toBe(400);
    },
  );
});

describe("what is kept in the data folder", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vedette-guard-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("has one key for ever, readable by its owner alone, whose id is the hash of its public half", async () => {
    const first = await loadGuardSigner(folder, random);
    expect((await stat(join(folder, "guard-key.pem"))).mode & 0o777).toBe(0o600);
    expect((await loadGuardSigner(folder, random)).key).toEqual(first.key);
    const raw = Buffer.from(first.key.publicKey, "base64").subarray(-32);
    expect(first.key.keyId).toBe(createHash("sha256").update(raw).digest("hex").slice(0, 16));
  });

  it("signs what a stranger's key does not", () => {
    const signer = createGuardSigner(generateKeyPairSync("ed25519").privateKey);
    const other = createGuardSigner(generateKeyPairSync("ed25519").privateKey);
    const { payload, signature } = signer.sign({ version: 2, sequence: 1, issuedAt: 1, off: false, decisions: [] });
    const check = ({ publicKey }: GuardKey) =>
      verify(
        null,
        Buffer.from(payload),
        createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" }),
        Buffer.from(signature, "base64"),
      );
    expect([check(signer.key), check(other.key)]).toEqual([true, false]);
  });

  it("never gives a number twice or a smaller one, across restarts and beyond a reserved block", async () => {
    let last = 0;
    for (const draws of [3, 1_500, 2]) {
      const sequence = await loadGuardSequence(folder);
      for (let draw = 0; draw < draws; draw += 1) {
        const next = await sequence.next();
        expect(next).toBeGreaterThan(last);
        last = next;
      }
      expect(Number(await readFile(join(folder, "guard-sequence"), "utf8"))).toBeGreaterThanOrEqual(last);
    }
  });

  it("refuses a damaged sequence instead of beginning again", async () => {
    await writeFile(join(folder, "guard-sequence"), "many");
    await expect(loadGuardSequence(folder)).rejects.toThrow(/does not hold a number/);
  });
});
