import type { Episode, Fact } from "@vedette/detection";
import { describe, expect, it } from "vitest";
import { StoreError } from "../errors.ts";
import type { Log } from "../ports.ts";
import type { RawRecord } from "../record.ts";
import { storeOverCore } from "../simulation/core-store.ts";
import { openSqliteCore } from "../store/sqlite/core.ts";
import type { StepCommit } from "../store/store.ts";
import { hashId } from "./hash.ts";
import { createLine } from "./line.ts";
import type { LineConfig } from "./line-options.ts";
import { noCorrelation, type EventJudge, type FactCorrelator, type LineRule } from "./line-rule.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

const rule = (id: string, more: Partial<LineRule> = {}): LineRule => ({
  id,
  title: `Rule ${id}`,
  description: `What ${id} is about.`,
  status: "stable",
  level: "medium",
  tags: ["attack.t1110.001", "attack.credential_access"],
  revision: "0".repeat(64),
  extension: { kind: "security", suppression: { by: ["client.address"], window: 10 * MINUTE }, response: [] },
  ...more,
});

const RULES = [
  rule("probe"),
  rule("inject", {
    level: "high",
    extension: {
      kind: "security",
      suppression: { by: ["client.address"], window: 10 * MINUTE },
      response: [{ action: "block_address", field: "client.address", for: 15 * MINUTE }],
    },
  }),
];

/** Says yes for each rule whose id the event names. */
const detector: EventJudge = {
  judge(event) {
    if (event.document["broken"] === true) throw new Error("broken");
    const named = event.document["rules"] as readonly string[] | undefined;
    if (event.document["excepted"] === true) return { logSources: [{}], facts: [], excepted: [{}] };
    if (named === undefined) return { logSources: [], facts: [] };
    const address = event.document["address"] as string;
    const facts = RULES.filter(({ id }) => named.includes(id)).map(({ id, title, level, revision }): Fact => ({
      kind: "fact",
      id: hashId(id, event.id),
      rule: { id, title, level, revision },
      eventId: event.id,
      time: event.time,
      entities: [{ kind: "address", value: address }],
      values: { "client.address": address },
      alerts: true,
    }));
    return { logSources: [{ product: "test" }], facts };
  },
};

function stage(
  config: Partial<LineConfig> = {},
  correlator: () => FactCorrelator = noCorrelation,
  onStep = (_milliseconds: number): void => {},
) {
  const core = openSqliteCore(":memory:");
  const clock = { time: START, now: () => clock.time };
  const faults: ((step: StepCommit, make: () => void) => void)[] = [];
  const store = storeOverCore(core, async (method, parameters, call) => {
    const fault = method === "commit" ? faults.shift() : undefined;
    if (fault !== undefined) fault(parameters[0] as StepCommit, call);
    return call();
  });
  const warned: string[] = [];
  const log: Log = { ...silent, warn: (_fields: object, message: string) => void warned.push(message) };
  const slept: number[] = [];
  const timers = { sleep: async (milliseconds: number) => void slept.push(milliseconds) };
  const open = (more: Partial<LineConfig> = {}) =>
    createLine({
      store,
      detector,
      correlator,
      rules: RULES,
      ports: { clock, timers, log },
      config: { ...config, ...more },
      onStep,
    });
  let count = 0;
  const record = (
    minutes: number,
    rules: readonly string[],
    address = "203.0.113.7",
    more: Partial<RawRecord> = {},
  ): RawRecord => {
    count += 1;
    const time = START + minutes * MINUTE;
    return {
      id: `event-${count}`,
      source: "otlp",
      position: String(count),
      partition: "shop",
      time,
      receivedAt: time,
      document: { rules, address },
      ...more,
    };
  };
  const drain = async (line: ReturnType<typeof open>) => {
    for (let more = true; more;) more = await line.runOnce();
  };
  const alerts = () => core.listAlerts({ limit: 100 }).items;
  return { core, clock, store, faults, slept, warned, open, record, drain, alerts };
}

const by = (idempotencyKey: string) => ({ name: "ann", idempotencyKey });

describe("judging", () => {
  it("makes one alert of what comes within the window, and another after it", async () => {
    const { core, open, record, drain, alerts } = stage();
    core.append([
      record(0, ["probe"]),
      record(10, ["probe"]),
      record(21, ["probe"]),
      record(5, ["probe"], "203.0.113.8"),
    ]);
    await drain(open());
    expect(
      alerts().map(({ suppressionKey, findingCount, firstSeen, lastSeen }) => [
        suppressionKey,
        findingCount,
        firstSeen - START,
        lastSeen - START,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ["client.address=203.0.113.7", 2, 0, 10 * MINUTE],
        ["client.address=203.0.113.7", 1, 21 * MINUTE, 21 * MINUTE],
        ["client.address=203.0.113.8", 1, 5 * MINUTE, 5 * MINUTE],
      ]),
    );
    expect(alerts()).toHaveLength(3);
  });

  it("joins two alerts when a late event closes the gap, and says which went where", async () => {
    const { core, open, record, drain, alerts, clock } = stage();
    const line = open();
    core.append([record(0, ["probe"])]);
    await drain(line);
    clock.time += 1;
    core.append([record(15, ["probe"])]);
    await drain(line);
    const [younger, older] = alerts();
    core.append([record(8, ["probe"])]);
    await drain(line);
    expect(alerts()).toMatchObject([
      { id: older?.id, findingCount: 3, eventCount: 3, firstSeen: START, lastSeen: START + 15 * MINUTE },
    ]);
    expect(core.alert(younger?.id ?? "")).toMatchObject({ mergedInto: older?.id });
    expect(core.alertMembers(older?.id ?? "", 10)).toHaveLength(3);
  });

  it("counts what no rule looks at, what is late, what is dated in the future and what the detector fails on", async () => {
    const { core, open, record, drain } = stage();
    const line = open();
    core.append([
      record(100, ["probe"]),
      { ...record(100, []), document: { hello: "world" } },
      record(30, ["probe"]),
      record(1_000_000, ["probe"], "203.0.113.9", { receivedAt: START + 101 * MINUTE }),
      { ...record(100, []), document: { broken: true } },
      { ...record(100, []), document: { excepted: true } },
    ]);
    await drain(line);
    const { counters, unmatchedExamples, watermark } = line.status();
    expect(counters).toMatchObject({
      judged: 6,
      unmatched: 1,
      late: 1,
      quarantined: 1,
      failed: 1,
      excepted: 1,
      alertsOpened: 3,
    });
    expect(counters.findings).toMatchObject({ medium: 3 });
    expect(unmatchedExamples).toEqual([{ hello: "world" }]);
    expect(watermark).toBe(START + 40 * MINUTE);
    const restarted = open();
    await drain(restarted);
    expect(restarted.status().counters).toEqual(counters);
  });

  it("says what the newest event is, and keeps it over a restart", async () => {
    const { core, open, record, drain } = stage({ lateness: MINUTE });
    core.append([record(7, ["probe"]), record(5, ["probe"]), record(90, ["probe"], undefined, { receivedAt: START })]);
    const line = open();
    expect(line.status()).not.toHaveProperty("newestEvent");
    await drain(line);
    expect(line.status()).toMatchObject({ newestEvent: START + 7 * MINUTE, watermark: START + 6 * MINUTE });
    const restarted = open();
    await drain(restarted);
    expect(restarted.status()).toMatchObject({ newestEvent: START + 7 * MINUTE });
  });

  it("lets a future-dated event stand at its time of receipt", async () => {
    const { core, open, record, drain, alerts } = stage();
    core.append([
      record(1_000_000, ["probe"], "203.0.113.9", { receivedAt: START + MINUTE }),
      record(2, ["probe"], "203.0.113.9"),
    ]);
    await drain(open());
    expect(alerts()).toMatchObject([{ findingCount: 2, firstSeen: START + MINUTE, lastSeen: START + 2 * MINUTE }]);
  });

  it("puts alerts that share an address into one incident, and not those of others", async () => {
    const { core, open, record, drain } = stage();
    core.append([
      record(0, ["probe"]),
      record(30, ["inject"]),
      record(31, ["probe"], "203.0.113.8"),
      record(95, ["probe"], "203.0.113.7"),
    ]);
    await drain(open());
    const { items } = core.listIncidents({ limit: 10 });
    expect(items).toMatchObject([
      { severity: "high", title: "203.0.113.7: 2 kinds of attack, rule probe to rule inject" },
    ]);
    expect(items[0]?.alertIds).toHaveLength(2);
  });
});

it("holds what was seen since an open episode began: who joins the episode late may have been seen then", async () => {
  const reported: Episode[][] = [];
  const scripted = (): FactCorrelator => ({
    ...noCorrelation(),
    takeChanges: () => ({ episodes: reported.shift() ?? [], groups: [] }),
  });
  const { core, open, record, drain } = stage({ retention: 0, lateness: MINUTE, incidentGap: 10 * MINUTE }, scripted);
  const episode = (revision: number, minutes: number, entities: Episode["entities"]): Episode => ({
    kind: "episode",
    id: "episode",
    rule: { id: "probe", title: "Rule probe", level: "medium", revision: "0".repeat(64) },
    group: { "client.address": "of the group" },
    from: START + 5 * MINUTE,
    to: START + minutes * MINUTE,
    factIds: [],
    eventIds: [],
    entities,
    revision,
    final: false,
    alerts: true,
  });
  const line = open();
  reported.push([]);
  core.append([record(0, ["probe"])]);
  await drain(line);
  reported.push([episode(1, 8, [{ kind: "user", value: "alice" }])]);
  core.append([record(8, [])]);
  await drain(line);
  core.append([record(40, [])]);
  await drain(line);
  expect(core.listIncidents({ limit: 10 }).total).toBe(0);
  reported.push([
    episode(2, 41, [
      { kind: "user", value: "alice" },
      { kind: "address", value: "203.0.113.7" },
    ]),
  ]);
  core.append([record(41, [])]);
  await drain(line);
  expect(core.listIncidents({ limit: 10 }).items).toMatchObject([
    { alertIds: [expect.any(String), expect.any(String)] },
  ]);
});

describe("an episode that late events made untrue", () => {
  const rule = { id: "inject", title: "Rule inject", level: "high" as const, revision: "0".repeat(64) };
  const episode = (id: string, minutes: number, more: Partial<Episode> = {}): Episode => ({
    kind: "episode",
    id,
    rule,
    group: { "client.address": "203.0.113.7" },
    from: START + minutes * MINUTE,
    to: START + (minutes + 1) * MINUTE,
    factIds: [],
    eventIds: ["event"],
    entities: [{ kind: "user", value: `user of ${id}` }],
    revision: 1,
    final: false,
    alerts: true,
    ...more,
  });
  const withdrawn = { revision: 2, final: true, withdrawn: true };

  const scripted = () => {
    const reported: Episode[][] = [];
    const correlator = (): FactCorrelator => ({
      ...noCorrelation(),
      takeChanges: () => ({ episodes: reported.shift() ?? [], groups: [] }),
    });
    const staged = stage({}, correlator);
    const line = staged.open();
    const step = async (...episodes: readonly Episode[]) => {
      reported.push([...episodes]);
      staged.core.append([staged.record(0, [])]);
      await staged.drain(line);
    };
    const changes = () =>
      staged.core.history(staged.alerts()[0]?.id ?? "").map(({ change, note }) => [change, ...(note ? [note] : [])]);
    return { ...staged, line, step, changes };
  };

  it("leaves its alert with the others, their span and whom they name, and says so", async () => {
    const { step, alerts, changes } = scripted();
    await step(episode("p", 0), episode("q", 5));
    expect(alerts()).toMatchObject([{ findingCount: 2, firstSeen: START, status: "open" }]);
    await step(episode("p", 0, withdrawn));
    expect(alerts()).toMatchObject([
      {
        findingCount: 1,
        eventCount: 1,
        firstSeen: START + 5 * MINUTE,
        lastSeen: START + 6 * MINUTE,
        entities: [{ value: "user of q" }],
        status: "open",
      },
    ]);
    expect(changes()).toEqual([
      ["opened"],
      ["finding:withdrawn", "A late event made the condition of one of its findings false."],
    ]);
  });

  it("closes an alert that has no other, undoes what was done because of it, and is audited", async () => {
    const { core, step, alerts, changes } = scripted();
    await step(episode("p", 0));
    expect(core.listDenyList(undefined, 10).items).toMatchObject([{ state: "pending" }]);
    await step(episode("p", 0, withdrawn));
    expect(alerts()).toMatchObject([{ findingCount: 0, status: "closed", closeReason: "other" }]);
    expect(changes().slice(0, 3)).toEqual([
      ["opened"],
      ["finding:withdrawn", "A late event made the condition of one of its findings false."],
      ["status:closed", "Late events left none of its findings."],
    ]);
    expect(core.listDenyList(undefined, 10).items).toMatchObject([{ state: "undone", endedBy: "alerter" }]);
    expect(core.listAudit(undefined, 100).items.map(({ action }) => action)).toContain("response.compensated");
  });

  it("opens its alert again when there is another after all, also an earlier one", async () => {
    const { step, alerts } = scripted();
    await step(episode("p", 5));
    await step(episode("p", 5, withdrawn));
    await step(episode("q", 1));
    expect(alerts()).toMatchObject([
      { findingCount: 1, status: "open", firstSeen: START + MINUTE, lastSeen: START + 2 * MINUTE },
    ]);
    expect(alerts()[0]).not.toHaveProperty("closeReason");
  });

  it("leaves an alert closed that a person has closed", async () => {
    const { line, step, alerts, drain } = scripted();
    await step(episode("p", 0));
    const [alert] = alerts();
    const change = line.operations.changeAlert(
      alert?.id ?? "",
      { revision: alert?.revision ?? 0, status: "closed", closeReason: "true_positive" },
      by("1"),
    );
    await drain(line);
    await change;
    await step(episode("p", 0, withdrawn));
    expect(alerts()).toMatchObject([{ status: "closed", closeReason: "true_positive", findingCount: 0 }]);
  });
});

describe("the rules and settings", () => {
  it("are recorded at a start when they are not those of the last one, also when they are again those before", async () => {
    const { core, open, drain } = stage();
    const loaded = () =>
      core
        .listAudit(undefined, 100)
        .items.filter(({ action }) => action.endsWith(".loaded"))
        .map(({ action }) => action)
        .reverse();
    await drain(open());
    expect(loaded()).toEqual(["rules.loaded", "settings.loaded"]);
    expect(core.listAudit(undefined, 100).items.at(-1)).toMatchObject({
      actor: "worker",
      subject: "rules",
      details: { count: 2, hash: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    });
    await drain(open());
    expect(loaded()).toHaveLength(2);
    for (const neverBlock of [["203.0.113.9"], [], ["203.0.113.9"]]) await drain(open({ neverBlock }));
    expect(loaded().slice(2)).toEqual(["settings.loaded", "settings.loaded", "settings.loaded"]);
  });
});

describe("numbers that no blob keeps", () => {
  it("go on over a rebuild of the state, and each step tells how long it took", async () => {
    const durations: number[] = [];
    const { core, open, record, drain, faults } = stage(
      { neverBlock: ["203.0.113.7"] },
      noCorrelation,
      (milliseconds) => durations.push(milliseconds),
    );
    const line = open();
    core.append([record(0, ["inject"])]);
    await drain(line);
    expect(line.status().denyRefusals.never_block).toBe(1);
    expect(durations).toEqual([0]);
    faults.push(() => {
      throw new StoreError("store-failed", "No.", { retryable: false });
    });
    core.append([record(30, ["inject"])]);
    await expect(line.runOnce()).rejects.toThrow("No.");
    await drain(line);
    expect(line.status()).toMatchObject({ rebuilds: 1, denyRefusals: { never_block: 2 } });
  });
});

describe("a store in trouble", () => {
  const unknown = () => new StoreError("store-input-output", "lost", { retryable: true });

  it("makes the same commit again when its outcome is not known", async () => {
    const { core, open, record, drain, faults, slept, alerts } = stage();
    core.append([record(0, ["inject"])]);
    faults.push(
      (_step, make) => {
        make();
        throw unknown();
      },
      () => {
        throw unknown();
      },
    );
    await drain(open());
    expect(slept).toEqual([50, 100]);
    expect(alerts()).toMatchObject([{ findingCount: 1, revision: 1 }]);
    expect(core.history(alerts()[0]?.id ?? "").filter(({ change }) => change === "opened")).toHaveLength(1);
    expect(core.verifyAudit().ok).toBe(true);
  });

  it("rebuilds its state when a commit cannot be made, and judges the same records again", async () => {
    const { core, open, record, drain, faults, alerts } = stage();
    const line = open();
    core.append([record(0, ["probe"])]);
    faults.push(() => {
      throw new StoreError("store-failed", "no", { retryable: false });
    });
    await expect(line.runOnce()).rejects.toMatchObject({ code: "store-failed" });
    expect(alerts()).toEqual([]);
    await drain(line);
    expect(alerts()).toMatchObject([{ findingCount: 1 }]);
    expect(line.status()).toMatchObject({ rebuilds: 1, counters: { judged: 1 } });
  });
});

describe("a record that can never be committed", () => {
  it("is set aside after a few attempts, counted, listed and audited; the others are judged", async () => {
    const { core, open, record, drain, faults, alerts } = stage({ batchSize: 4 });
    const records = Array.from({ length: 6 }, (_, index) => record(index, ["probe"]));
    const poison = records[2]?.id ?? "";
    core.append(records);
    const fault = (step: StepCommit): void => {
      if (step.facts?.some(({ eventId }) => eventId === poison) === true)
        throw new StoreError("store-failed", "It does not fit.", { retryable: false });
    };
    faults.push(...Array.from({ length: 100 }, () => fault));
    const line = open();
    let failures = 0;
    for (let more = true; more;) {
      try {
        more = await line.runOnce();
      } catch {
        failures += 1;
        more = failures < 50;
      }
    }
    await drain(line);
    expect(failures).toBe(9);
    expect(line.status()).toMatchObject({ cursor: 6, counters: { judged: 5, failed: 1 } });
    expect(alerts()).toMatchObject([{ findingCount: 5 }]);
    expect(core.listRefused(undefined, 10).items).toMatchObject([
      { source: "otlp", reason: "set_aside", sample: expect.stringContaining("203.0.113.7") as string },
    ]);
    expect(core.listAudit(undefined, 100).items.filter(({ action }) => action === "record.set_aside")).toMatchObject([
      { subject: poison, details: { reason: "store-failed" } },
    ]);
  });

  it.each(["store-damaged", "data-folder-unwritable", "store-closed"])(
    "is not looked for while the store itself is in trouble (%s), however long",
    async (code) => {
      const { core, open, record, drain, faults } = stage();
      core.append([record(0, ["probe"])]);
      faults.push(() => undefined);
      const refuse = (): void => {
        throw new StoreError(code, "No.", { retryable: false });
      };
      faults.push(...Array.from({ length: 20 }, () => refuse));
      const line = open();
      for (let attempt = 0; attempt < 20; attempt += 1) await expect(line.runOnce()).rejects.toThrow("No.");
      await drain(line);
      expect(line.status()).toMatchObject({ counters: { judged: 1, failed: 0 } });
    },
  );
});

describe("responses", () => {
  it("blocks what a rule says, once, until its time is over", async () => {
    const { core, open, record, drain, clock } = stage();
    const line = open();
    core.append([record(0, ["inject"]), record(1, ["inject"])]);
    await drain(line);
    expect(core.listDenyList(undefined, 10).items).toMatchObject([
      { address: "203.0.113.7", state: "pending", expiresAt: START + 16 * MINUTE, requestedBy: "responder" },
    ]);
    expect(line.inForce()).toHaveLength(1);
    const effects = core.dueEffects(clock.now(), 10);
    expect(effects).toMatchObject([{ action: "guard.publish", target: "203.0.113.7", generation: 1 }]);
    core.commit({
      id: "publish",
      effectUpdates: [{ id: effects[0]?.id ?? "", state: "done", attempts: 1, notBefore: 0 }],
    });
    await drain(line);
    expect(core.listDenyList(undefined, 10).items).toMatchObject([{ state: "in_force" }]);
    clock.time = START + 16 * MINUTE;
    await drain(line);
    expect(core.listDenyList(undefined, 10).items).toMatchObject([{ state: "expired", endedAt: clock.time }]);
    expect(line.inForce()).toEqual([]);
  });

  it("gives the newest reason for a block that is extended, and keeps the one before in the history", async () => {
    const { core, open, record, drain, alerts } = stage();
    const line = open();
    core.append([record(0, ["inject"])]);
    await drain(line);
    const extended = line.operations.denyAddress(
      { address: "203.0.113.7", seconds: 7_200, reason: "Seen elsewhere too" },
      by("longer"),
    );
    await drain(line);
    expect(await extended).toMatchObject({ reason: "Seen elsewhere too", requestedBy: "responder" });
    expect(core.listDenyList(undefined, 10).items).toMatchObject([{ reason: "Seen elsewhere too" }]);
    const history = core.history(alerts()[0]?.id ?? "").filter(({ change }) => change === "block:extended");
    expect(history).toMatchObject([
      {
        actor: "ann",
        note: "203.0.113.7 until 2026-01-01T02:00:00.000Z: Seen elsewhere too (before: Rule inject)",
      },
    ]);
  });

  it("says that a block is in force while records keep coming", async () => {
    const { core, open, record, drain, clock } = stage();
    const line = open();
    core.append([record(0, ["inject"])]);
    await drain(line);
    const [effect] = core.dueEffects(clock.now(), 10);
    core.commit({
      id: "publish",
      effectUpdates: [{ id: effect?.id ?? "", state: "done", attempts: 1, notBefore: 0 }],
    });
    core.append([record(1, ["probe"])]);
    await line.runOnce();
    expect(core.listDenyList(undefined, 10).items).toMatchObject([{ state: "in_force" }]);
  });

  it("never blocks an address of the list, and says so once", async () => {
    const { core, open, record, drain, alerts, warned } = stage({ neverBlock: ["203.0.113.0/24"] });
    const line = open();
    core.append([record(0, ["inject"]), record(1, ["inject"])]);
    await drain(line);
    core.append([record(2, ["inject"])]);
    await drain(line);
    expect(core.listDenyList(undefined, 10).items).toEqual([]);
    const refusals = core.listAudit(undefined, 100).items.filter(({ action }) => action === "deny.refused");
    expect(refusals).toMatchObject([{ details: { refusal: "never_block", address: "203.0.113.7" } }]);
    const why = "203.0.113.7 is on the list of addresses that are never blocked.";
    const history = core.history(alerts()[0]?.id ?? "");
    expect(history.filter(({ change }) => change === "block:refused")).toMatchObject([
      { actor: "responder", note: why },
    ]);
    expect(warned).toEqual([`a block that a rule asked for was not made: ${why}`]);
  });

  it("does not block for what is long past", async () => {
    const { core, open, record, drain, clock } = stage();
    clock.time = START + 60 * MINUTE;
    core.append([record(0, ["inject"])]);
    await drain(open());
    expect(core.listDenyList(undefined, 10).items).toEqual([]);
  });

  it.each(["false_positive", "benign_positive"] as const)(
    "lifts the block when its alert is closed as %s, and leaves the address alone",
    async (closeReason) => {
      const { core, open, record, drain, alerts } = stage();
      const line = open();
      core.append([record(0, ["inject"])]);
      await drain(line);
      const [alert] = alerts();
      const change = line.operations.changeAlert(
        alert?.id ?? "",
        { revision: alert?.revision ?? 0, status: "closed", closeReason },
        by("1"),
      );
      await drain(line);
      await expect(change).resolves.toMatchObject({ status: "closed" });
      expect(core.listDenyList(undefined, 10).items).toMatchObject([{ state: "undone", endedBy: "ann" }]);
      core.append([record(1, ["inject"])]);
      await drain(line);
      expect(core.listDenyList(undefined, 10).items).toHaveLength(1);
      expect(alerts()).toMatchObject([{ status: "closed", findingCount: 2 }]);
    },
  );

  it("leaves an address alone after a person undid its block, until another alert names it", async () => {
    const { core, open, record, drain } = stage();
    const line = open();
    core.append([record(0, ["inject"])]);
    await drain(line);
    const [entry] = core.listDenyList(undefined, 10).items;
    const undone = line.operations.undoDeny(entry?.id ?? "", by("2"));
    await drain(line);
    await expect(undone).resolves.toMatchObject({ state: "undone", endedBy: "ann" });
    const twice = line.operations.undoDeny(entry?.id ?? "", by("3")).catch((error: { code: string }) => error.code);
    await drain(line);
    expect(await twice).toBe("ended");
    core.append([record(5, ["inject"])]);
    await drain(line);
    expect(line.inForce()).toEqual([]);
    core.append([record(30, ["inject"])]);
    await drain(line);
    expect(line.inForce()).toHaveLength(1);
  });
});

describe("people's changes", () => {
  it("are made once for one key, answered again, and survive a restart", async () => {
    const { core, open, record, drain, alerts } = stage();
    const line = open();
    core.append([record(0, ["probe"])]);
    await drain(line);
    const [alert] = alerts();
    const change = { revision: alert?.revision ?? 0, status: "acknowledged" as const, note: "mine" };
    const both = [
      line.operations.changeAlert(alert?.id ?? "", change, by("k")),
      line.operations.changeAlert(alert?.id ?? "", change, by("k")),
    ];
    await drain(line);
    const [first, second] = await Promise.all(both);
    expect(second).toEqual(first);
    const restarted = open();
    const again = restarted.operations.changeAlert(alert?.id ?? "", change, by("k"));
    await drain(restarted);
    await expect(again).resolves.toEqual(first);
    const others = [
      restarted.operations.changeAlert(alert?.id ?? "", { ...change, note: "another" }, by("k")),
      restarted.operations.changeAlert("another", change, by("k")),
    ].map((made) => made.catch((error: { code: string }) => error.code));
    await drain(restarted);
    expect(await Promise.all(others)).toEqual(["key_reused", "key_reused"]);
    expect(core.history(alert?.id ?? "").filter(({ actor }) => actor === "ann")).toMatchObject([
      { change: "status:acknowledged", note: "mine" },
    ]);
  });

  it.each([
    ["true_positive", "open"],
    ["other", "open"],
    ["false_positive", "closed"],
    ["benign_positive", "closed"],
    ["duplicate", "closed"],
  ] as const)("closed as %s, a new finding leaves the alert %s", async (closeReason, status) => {
    const { core, open, record, drain, alerts } = stage();
    const line = open();
    core.append([record(0, ["probe"])]);
    await drain(line);
    const [alert] = alerts();
    const closed = line.operations.changeAlert(
      alert?.id ?? "",
      { revision: alert?.revision ?? 0, status: "closed", closeReason },
      by("c"),
    );
    await drain(line);
    await closed;
    core.append([record(-1, ["probe"])]);
    await drain(line);
    expect(alerts(), "a late finding only counts").toMatchObject([{ status: "closed", findingCount: 2 }]);
    core.append([record(5, ["probe"])]);
    await drain(line);
    expect(alerts()).toMatchObject([{ status, findingCount: 3 }]);
  });

  it.each([
    ["another revision", { revision: 99, status: "acknowledged" as const }, "conflict"],
    ["closing without a reason", { revision: 1, status: "closed" as const }, "invalid"],
    ["a reason without closing", { revision: 1, closeReason: "other" as const }, "invalid"],
  ])("are refused: %s", async (_name, change, code) => {
    const { core, open, record, drain, alerts } = stage();
    const line = open();
    core.append([record(0, ["probe"])]);
    await drain(line);
    const changed = line.operations.changeAlert(alerts()[0]?.id ?? "", change, by("x"));
    const refused = expect(changed).rejects.toMatchObject({ code });
    await drain(line);
    await refused;
  });

  it("move an incident only forward, or back to triage", async () => {
    const { core, open, record, drain } = stage();
    const line = open();
    core.append([record(0, ["inject"])]);
    await drain(line);
    const change = async (status: "contained" | "new" | "triaged" | "closed") => {
      const [incident] = core.listIncidents({ limit: 1 }).items;
      const made = line.operations
        .changeIncident(incident?.id ?? "", { revision: incident?.revision ?? 0, status }, by(status))
        .then(
          (after) => after.status,
          (error: { code: string }) => error.code,
        );
      await drain(line);
      return made;
    };
    expect([await change("contained"), await change("new"), await change("triaged"), await change("closed")]).toEqual([
      "contained",
      "invalid",
      "triaged",
      "closed",
    ]);
  });

  it("block an address that a person names, but not one that is none or is never blocked", async () => {
    const { open, drain } = stage({ neverBlock: ["10.0.0.0/8", "::1"] });
    const line = open();
    const ask = async (address: string) => {
      const made = line.operations.denyAddress({ address, seconds: 60, reason: "because" }, by(address)).then(
        (entry) => entry.address,
        (error: { code: string }) => error.code,
      );
      await drain(line);
      return made;
    };
    expect([
      await ask("203.0.113.9"),
      await ask("::ffff:203.0.113.10"),
      await ask("10.1.2.3"),
      await ask("0:0:0:0:0:0:0:1"),
      await ask("nobody"),
    ]).toEqual(["203.0.113.9", "203.0.113.10", "invalid", "invalid", "invalid"]);
    expect(line.inForce()).toHaveLength(2);
  });
});
