import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change } from "@vedette/api";
import {
  sampleAlert,
  sampleDeny,
  sampleEffect,
  sampleEpisode,
  sampleFact,
  sampleIncident,
  sampleRecord,
} from "../../testing/store-samples.ts";
import type { EffectState, StepCommit } from "../store.ts";
import { openSqliteCore } from "./core.ts";
import { recordRow, stepRows } from "./encode.ts";
import { REFUSED_KEPT } from "./inbox.ts";
import { fromTextKey, toTextKey } from "./text-key.ts";
import { toCursor, toPlace } from "../page.ts";

const open = () => openSqliteCore(":memory:");
const page = { limit: 50 };

/** A step with something of everything. */
const whole = (id: string, more: Partial<StepCommit> = {}): StepCommit => ({
  id,
  cursor: 2,
  facts: [sampleFact("f1")],
  episodes: [sampleEpisode("p1")],
  blobs: [{ key: "group/1", value: "state" }],
  alerts: [sampleAlert("a1")],
  alertMembers: [{ alertId: "a1", findingId: "f1", kind: "fact", from: 1_000.25, to: 1_000.25 }],
  incidents: [sampleIncident("i1")],
  denyList: [sampleDeny("d1")],
  effects: [sampleEffect("x1")],
  history: [{ subject: "a1", time: 1.5, actor: "worker", change: "opened" }],
  audit: [{ time: 1.5, actor: "worker", action: "alert.opened", subject: "a1", details: { é: "ü" } }],
  idempotency: { key: "k1", answer: '{"ok":true}' },
  ...more,
});

describe("inbox", () => {
  test("keeps each event id once, in the order of arrival", () => {
    const core = open();
    expect(core.append([sampleRecord("a"), sampleRecord("b"), sampleRecord("a")])).toEqual({
      appended: 2,
      duplicate: 1,
    });
    expect(core.append([sampleRecord("b"), sampleRecord("c")])).toEqual({ appended: 1, duplicate: 1 });
    expect(core.readInbox(0, 10).map(({ id, sequence }) => [id, sequence])).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    expect(core.readInbox(1, 1)).toEqual([{ ...sampleRecord("b"), sequence: 2 }]);
    expect(core.inboxEnd()).toBe(3);
    expect(core.events(["c", "nothing", "a"]).map(({ id }) => id)).toEqual(["c", "a"]);
  });

  test("gives back every record as it was taken", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(text, text, fc.double({ noNaN: true, min: -1e15, max: 1e15 })), {
          selector: ([id]) => id,
          minLength: 1,
        }),
        (rows) => {
          const core = open();
          const records = rows.map(([id, more, time]) =>
            sampleRecord(id, {
              source: more,
              position: more,
              partition: more,
              time: time + 0,
              document: { [more]: [more, null, time + 0] },
            }),
          );
          core.append(records);
          expect(core.readInbox(0, 1_000)).toEqual(
            records.map((record, index) => ({ ...record, sequence: index + 1 })),
          );
          core.close();
        },
      ),
    );
  });

  test("moves a source's checkpoint together with its records", () => {
    const core = open();
    expect(core.checkpoint("file")).toBeUndefined();
    core.appendFrom("file", "10", [sampleRecord("a")]);
    expect(core.appendFrom("file", "20", [sampleRecord("a")])).toEqual({ appended: 0, duplicate: 1 });
    expect(core.checkpoint("file")).toBe("20");
    expect(core.inboxEnd()).toBe(1);
  });

  test("keeps and counts what was refused, newest first", () => {
    const core = open();
    const refused = (reason: string) => ({ time: 1, source: "otlp", reason, detail: "", sample: "\\x00" });
    core.refuse([refused("one"), refused("two")]);
    core.refuse([refused("three")]);
    const first = core.listRefused(undefined, 2);
    expect(first.items.map(({ reason }) => reason)).toEqual(["three", "two"]);
    expect(first.total).toBe(3);
    expect(core.listRefused(first.nextCursor, 2).items).toEqual([{ sequence: 1, ...refused("one") }]);
    expect(core.counts().refused).toBe(3);
    core.refuse(Array.from({ length: REFUSED_KEPT }, () => refused("many")));
    expect(core.listRefused(undefined, 1).total).toBe(REFUSED_KEPT);
    expect(core.listRefused(toCursor([4, ""]), 5).items).toEqual([]);
    expect(core.counts().refused).toBe(REFUSED_KEPT + 3);
  });
});

describe("commit", () => {
  test("stores everything of a step", () => {
    const core = open();
    core.commit(whole("s1"));
    expect(core.recover(0)).toEqual({
      cursor: 2,
      blobs: new Map([["group/1", "state"]]),
      alerts: [sampleAlert("a1")],
      incidents: [sampleIncident("i1")],
      denyList: [sampleDeny("d1")],
    });
    expect(core.findings(["p1", "none", "f1"])).toEqual([sampleEpisode("p1"), sampleFact("f1")]);
    expect(core.alert("a1")).toEqual(sampleAlert("a1"));
    expect(core.incident("i1")).toEqual(sampleIncident("i1"));
    expect(core.history("a1")).toEqual([{ subject: "a1", time: 1.5, actor: "worker", change: "opened" }]);
    expect(core.idempotentAnswer("k1")).toBe('{"ok":true}');
    expect(core.effect("x1")).toEqual({ ...sampleEffect("x1"), state: "pending", attempts: 0, notBefore: 3_000 });
    expect(core.counts()).toEqual({
      alertsTotal: 1,
      alertsOpen: { high: 1 },
      incidentsTotal: 1,
      incidentsOpen: 1,
      facts: 1,
      factsShadow: 0,
      refused: 0,
      auditEntries: 1,
    });
    expect(core.findingCounts()).toEqual(
      new Map([
        ["rule-1", 1],
        ["rule-2", 1],
      ]),
    );
    expect(core.verifyAudit()).toEqual({ ok: true, entries: 1 });
  });

  test("changes nothing when a step is committed again", () => {
    const core = open();
    const seen: (readonly Change[])[] = [];
    core.onChange((changes) => seen.push(changes));
    core.commit(whole("s1"));
    core.commit(
      whole("s2", {
        cursor: 5,
        facts: [],
        blobs: [{ key: "group/1", value: "newer" }],
        denyList: [sampleDeny("d1", { state: "in_force" })],
      }),
    );
    const before = [core.recover(0), core.counts(), core.history("a1"), core.listAudit(undefined, 10)];
    core.commit(whole("s1"));
    expect([core.recover(0), core.counts(), core.history("a1"), core.listAudit(undefined, 10)]).toEqual(before);
    expect(seen).toEqual([
      [
        { sequence: 1, kind: "alert", id: "a1", revision: 1 },
        { sequence: 2, kind: "incident", id: "i1", revision: 1 },
        { sequence: 3, kind: "deny_list", id: "d1", revision: 1 },
      ],
      [{ sequence: 4, kind: "deny_list", id: "d1", revision: 2 }],
    ]);
  });

  test("never takes the cursor back, and removes blobs set to null", () => {
    const core = open();
    core.commit({
      id: "1",
      cursor: 7,
      blobs: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
    });
    core.commit({ id: "2", cursor: 3, blobs: [{ key: "a", value: null }] });
    expect(core.recover(0).cursor).toBe(7);
    expect(core.recover(0).blobs).toEqual(new Map([["b", "2"]]));
  });

  test("keeps what belongs to the cursor, and moves it with the cursor alone", () => {
    const core = open();
    expect(core.recover(0)).not.toHaveProperty("inboxState");
    core.commit({ id: "1", cursor: 7, inboxState: "seven" });
    core.commit({ id: "2", cursor: 3, inboxState: "three" });
    core.commit({ id: "3", inboxState: "none" });
    core.commit({ id: "3b", cursor: 7 });
    expect(core.recover(0)).toMatchObject({ cursor: 7, inboxState: "seven" });
    core.commit({ id: "4", cursor: 7, inboxState: "seven, further" });
    expect(core.recover(0)).toMatchObject({ cursor: 7, inboxState: "seven, further" });
    core.commit({ id: "5", cursor: 8, inboxState: "\ud800" });
    expect(core.recover(0)).toMatchObject({ cursor: 8, inboxState: "\ud800" });
  });

  test("gives blobs back under their keys, whatever text they are", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(text, text, { noNullPrototype: true }), (blobs) => {
        const core = open();
        core.commit({ id: "1", blobs: Object.entries(blobs).map(([key, value]) => ({ key, value })) });
        expect(core.recover(0).blobs).toEqual(new Map(Object.entries(blobs)));
        core.close();
      }),
    );
  });

  test("takes audit details that JSON has no place for, as JSON would write them", () => {
    const core = open();
    core.commit({
      id: "1",
      audit: [
        { time: 1, actor: "a", action: "b", subject: "c", details: { odd: Number.POSITIVE_INFINITY, gone: undefined } },
      ],
    });
    expect(core.listAudit(undefined, 1).items[0]?.details).toEqual({ odd: null });
    expect(core.verifyAudit().ok).toBe(true);
  });

  test("accepts a finding again, whatever the order of its keys, and refuses another content under its id", () => {
    const core = open();
    core.commit({ id: "1", facts: [sampleFact("f1")] });
    core.commit({ id: "2", facts: [Object.fromEntries(Object.entries(sampleFact("f1")).reverse()) as never] });
    expect(core.counts().facts).toBe(1);
    expect(() => core.commit({ id: "3", cursor: 9, facts: [sampleFact("f2"), sampleFact("f1", { time: 5 })] })).toThrow(
      expect.objectContaining({ code: "store-fact-conflict", retryable: false }),
    );
    expect(core.recover(0).cursor, "nothing of the step is stored").toBe(0);
    expect(core.counts().facts).toBe(1);
    core.commit({ id: "3", cursor: 9 });
    expect(core.recover(0).cursor, "a refused step is not remembered as committed").toBe(9);
  });

  test("replaces a document only by a higher revision", () => {
    const core = open();
    core.commit({
      id: "1",
      alerts: [sampleAlert("a1", { revision: 3, title: "three" })],
      episodes: [sampleEpisode("p1", { revision: 3 })],
      incidents: [sampleIncident("i1", { revision: 3 })],
    });
    core.commit({
      id: "2",
      alerts: [sampleAlert("a1", { revision: 2, title: "two" })],
      episodes: [sampleEpisode("p1", { revision: 2, to: 1 })],
      incidents: [sampleIncident("i1", { revision: 2, title: "two" })],
    });
    expect(core.alert("a1")?.title).toBe("three");
    expect(core.findings(["p1"])).toEqual([sampleEpisode("p1", { revision: 3 })]);
    expect(core.incident("i1")?.revision).toBe(3);
    expect(() => core.commit({ id: "3", alerts: [sampleAlert("a1", { revision: 3, title: "other" })] })).toThrow(
      expect.objectContaining({ code: "store-revision-conflict" }),
    );
    core.commit({ id: "4", alerts: [sampleAlert("a1", { revision: 4, title: "four" })] });
    expect(core.alert("a1")?.title).toBe("four");
  });

  test("undoes a failing request and commits the others of its transaction", () => {
    const core = open();
    core.commit({ id: "0", facts: [sampleFact("f1")] });
    const outcomes = core.write([
      { kind: "append", rows: [recordRow(sampleRecord("a"))] },
      { kind: "commit", step: stepRows(whole("bad", { facts: [sampleFact("f1", { time: 2 })] })) },
      { kind: "append", rows: [recordRow(sampleRecord("b"))] },
    ]);
    expect(outcomes).toEqual([
      { value: { appended: 1, duplicate: 0 } },
      { error: expect.objectContaining({ code: "store-fact-conflict" }) as unknown },
      { value: { appended: 1, duplicate: 0 } },
    ]);
    expect(core.readInbox(0, 10).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(core.listAlerts(page).total).toBe(0);
    expect(core.counts().auditEntries).toBe(0);
  });
});

describe("outbox", () => {
  const states: readonly EffectState[] = ["pending", "attempting", "done", "withdrawn", "escalated"];
  const kept: Partial<Record<EffectState, readonly EffectState[]>> = {
    done: [],
    escalated: ["done"],
    withdrawn: ["done"],
  };

  test.each(states.flatMap((from) => states.map((to) => [from, to] as const)))("%s → %s", (from, to) => {
    const core = open();
    core.commit({ id: "0", effects: [sampleEffect("x")] });
    core.commit({ id: "1", effectUpdates: [{ id: "x", state: from, attempts: 1, notBefore: 5 }] });
    core.commit({ id: "2", effectUpdates: [{ id: "x", state: to, attempts: 2, notBefore: 6.5, lastError: "e" }] });
    const moves = kept[from]?.includes(to) ?? true;
    expect(core.effect("x")).toMatchObject(
      moves ? { state: to, attempts: 2, notBefore: 6.5, lastError: "e" } : { state: from, attempts: 1 },
    );
    const waits = ["pending", "attempting"].includes(moves ? to : from);
    expect(core.pendingEffects()).toBe(waits ? 1 : 0);
  });

  test("gives due effects oldest first: pending in time, and every one left in an attempt", () => {
    const core = open();
    core.commit({ id: "0", effects: ["a", "b", "c", "d"].map((id) => sampleEffect(id, { createdAt: 1 })) });
    core.commit({
      id: "1",
      effectUpdates: [
        { id: "a", state: "pending", attempts: 1, notBefore: 100 },
        { id: "b", state: "attempting", attempts: 1, notBefore: 100 },
        { id: "d", state: "done", attempts: 1, notBefore: 0 },
      ],
    });
    expect(core.dueEffects(50, 10).map(({ id }) => id)).toEqual(["b", "c"]);
    expect(core.dueEffects(100, 2).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("refuses an update of an effect that it does not hold", () => {
    expect(() =>
      open().commit({ id: "1", effectUpdates: [{ id: "no", state: "done", attempts: 1, notBefore: 0 }] }),
    ).toThrow(expect.objectContaining({ code: "store-effect-unknown" }));
  });
});

describe("lists", () => {
  test("pages through all alerts once, newest first, whatever the page size and equal times", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 2, 2.5, 3), { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        (times, limit) => {
          const core = open();
          const alerts = times.map((openedAt, index) =>
            sampleAlert(`a${String(index).padStart(2, "0")}`, { openedAt }),
          );
          core.commit({ id: "1", alerts });
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const answer = core.listAlerts({ limit, cursor });
            expect(answer.total).toBe(alerts.length);
            seen.push(...answer.items.map(({ id }) => id));
            cursor = answer.nextCursor;
          } while (cursor !== undefined);
          expect(seen).toEqual(
            alerts.sort((a, b) => b.openedAt - a.openedAt || (a.id < b.id ? 1 : -1)).map(({ id }) => id),
          );
          core.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    [{}, ["a3", "a2", "a1"]],
    [{ status: "closed" as const }, ["a2"]],
    [{ severity: "low" as const }, ["a3"]],
    [{ rule: "other" }, ["a3"]],
    [{ entity: "203.0.113.9" }, ["a2"]],
    [{ entity: "203.0.113.7" }, ["a3", "a1"]],
    [{ from: 2_500 }, ["a3"]],
    [{ to: 1_500 }, ["a2", "a1"]],
    [{ from: 2_500, to: 1_500 }, []],
  ])("filters alerts by %j", (filter, expected) => {
    const core = open();
    core.commit({
      id: "1",
      alerts: [
        sampleAlert("a1", { openedAt: 1 }),
        sampleAlert("a2", { openedAt: 2, entities: [{ kind: "address", value: "203.0.113.8" }] }),
        sampleAlert("a3", {
          openedAt: 3,
          severity: "low",
          rule: { ...sampleAlert("x").rule, id: "other" },
          firstSeen: 2_000,
          lastSeen: 3_000,
        }),
        sampleAlert("gone", { mergedInto: "a1" }),
      ],
    });
    core.commit({
      id: "2",
      alerts: [
        sampleAlert("a2", {
          revision: 2,
          openedAt: 2,
          status: "closed",
          entities: [{ kind: "address", value: "203.0.113.9" }],
        }),
      ],
    });
    const answer = core.listAlerts({ ...page, ...filter });
    expect(answer.items.map(({ id }) => id)).toEqual(expected);
    expect(answer.total).toBe(expected.length);
    expect(core.alert("gone")?.mergedInto).toBe("a1");
  });

  test("finds entries of the deny list by id, by what is in force, and by incident", () => {
    const core = open();
    core.commit({
      id: "1",
      incidents: [sampleIncident("i1", { alertIds: ["a1", "a2"] }), sampleIncident("i2", { alertIds: [] })],
      denyList: [
        sampleDeny("late", { createdAt: 9, expiresAt: 100, state: "in_force", incidentId: "i1" }),
        sampleDeny("undone", { createdAt: 1, state: "undone", endedAt: 50, alertId: "a2" }),
        sampleDeny("early", { createdAt: 2, expiresAt: 101, alertId: "a1", incidentId: "i1" }),
        sampleDeny("other", { createdAt: 3, state: "expired", endedAt: 50, alertId: "a3", incidentId: "i3" }),
        sampleDeny("byHand", { createdAt: 4, expiresAt: 200 }),
      ],
    });
    const inForce = (now: number) => core.denyListInForce(now).map(({ id }) => id);
    expect(inForce(0)).toEqual(["early", "byHand", "late"]);
    expect(inForce(100)).toEqual(["early", "byHand"]);
    expect(inForce(200)).toEqual([]);
    const ofIncident = (id: string) => core.denyListOfIncident(id).map((entry) => entry.id);
    expect(ofIncident("i1")).toEqual(["undone", "early", "late"]);
    expect([ofIncident("i2"), ofIncident("i3"), ofIncident("none")]).toEqual([[], ["other"], []]);
    expect(core.denyListEntry("undone")).toMatchObject({ id: "undone", endedAt: 50 });
    expect(core.denyListEntry("none")).toBeUndefined();
    core.commit({
      id: "2",
      denyList: [sampleDeny("late", { createdAt: 9, state: "undone", endedAt: 60, incidentId: "i1" })],
    });
    expect(inForce(0)).toEqual(["early", "byHand"]);
    expect(ofIncident("i1")).toEqual(["undone", "early", "late"]);
  });

  test("filters incidents, and lists the deny list", () => {
    const core = open();
    core.commit({
      id: "1",
      incidents: [
        sampleIncident("i1", { openedAt: 1 }),
        sampleIncident("i2", { openedAt: 2, status: "closed", entities: [] }),
        sampleIncident("i3", { mergedInto: "i1" }),
      ],
      denyList: [sampleDeny("d1", { createdAt: 1 }), sampleDeny("d2", { createdAt: 2.5, state: "undone", endedAt: 3 })],
    });
    const ids = (query: object) => core.listIncidents({ ...page, ...query }).items.map(({ id }) => id);
    expect(ids({})).toEqual(["i2", "i1"]);
    expect(ids({ status: "closed" })).toEqual(["i2"]);
    expect(ids({ entity: "203.0.113.7" })).toEqual(["i1"]);
    expect(core.listDenyList(undefined, 1).items.map(({ id }) => id)).toEqual(["d2"]);
    expect(core.listDenyList(core.listDenyList(undefined, 1).nextCursor, 1).items).toEqual([
      sampleDeny("d1", { createdAt: 1 }),
    ]);
    expect(core.recover(0).denyList.map(({ id }) => id)).toEqual(["d1", "d2"]);
    expect(core.recover(4).denyList.map(({ id }) => id)).toEqual(["d1"]);
  });

  test("recovers only what was seen since the horizon", () => {
    const core = open();
    core.commit({
      id: "1",
      alerts: [sampleAlert("old", { lastSeen: 10.25 }), sampleAlert("new", { lastSeen: 10.5 })],
      incidents: [sampleIncident("i-old", { lastSeen: 10.25 }), sampleIncident("i-new", { lastSeen: 11 })],
    });
    const state = core.recover(10.5);
    expect(state.alerts.map(({ id }) => id)).toEqual(["new"]);
    expect(state.incidents.map(({ id }) => id)).toEqual(["i-new"]);
  });

  test.each(["", "x", "bnVsbA", Buffer.from('["a","b"]').toString("base64url")])("refuses the cursor %j", (cursor) => {
    expect(() => open().listAlerts({ ...page, cursor })).toThrow(
      expect.objectContaining({ code: "cursor-invalid", retryable: false }),
    );
  });
});

test("a cursor gives its place back", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), (key, id) => {
      expect(toPlace(toCursor([key + 0, id]))).toEqual([key + 0, id]);
    }),
  );
});

test("text keys are well-formed, reversible and distinct", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.constantFrom("\ud800", '"', "\\", "a")), (text, more) => {
      const odd = more.join("") + text;
      expect(toTextKey(odd).isWellFormed()).toBe(true);
      expect(fromTextKey(toTextKey(odd))).toBe(odd);
    }),
  );
});
