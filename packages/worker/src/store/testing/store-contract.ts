import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AlertQuery, Change, IncidentQuery } from "@vedette/api";
import {
  sampleAlert,
  sampleDeny,
  sampleEffect,
  sampleEpisode,
  sampleFact,
  sampleIncident,
} from "../../testing/store-samples.ts";
import type { EffectState, Intake, Memory, StepCommit } from "../store.ts";

/** What the contract is about: everything but the inbox, which each home has in its own place. */
export type ContractStore = Memory & Pick<Intake, "refuse"> & AsyncDisposable;

/** A place that stores are opened on, one after the other. */
export interface ContractHome {
  open(): Promise<ContractStore>;
  remove(): Promise<void>;
}

const page = { limit: 50 };

/** A step with something of everything. */
export const wholeStep = (id: string, more: Partial<StepCommit> = {}): StepCommit => ({
  id,
  cursor: 2,
  inboxState: "positions",
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

/** Everything that a store answers about `wholeStep`, for comparing two moments or two stores. */
export async function everythingOf(store: ContractStore): Promise<unknown> {
  return {
    recovered: await store.recover(0),
    alerts: await store.listAlerts(page),
    incidents: await store.listIncidents(page),
    denyList: await store.listDenyList(undefined, 50),
    members: await store.alertMembers("a1", 10),
    findings: await store.findings(["f1", "p1"]),
    history: await store.history("a1"),
    effects: await store.dueEffects(1e15, 50),
    audit: await store.listAudit(undefined, 50),
    refused: (await store.listRefused(undefined, 50)).items.map(({ sequence: _sequence, ...rest }) => rest),
    counts: await store.counts(),
    findingCounts: await store.findingCounts(),
    answer: await store.idempotentAnswer("k1"),
    verdict: await store.verifyAudit(),
  };
}

/** The behaviour that every home of the memory has, as tests. */
export function describeStoreContract(name: string, makeHome: () => Promise<ContractHome>): void {
  describe(`the store's contract, kept by ${name}`, () => {
    let home: ContractHome;
    let store: ContractStore;
    beforeEach(async () => {
      home = await makeHome();
      store = await home.open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await home.remove();
    });
    const reopen = async (): Promise<ContractStore> => {
      await store[Symbol.asyncDispose]();
      store = await home.open();
      return store;
    };

    describe("a commit", () => {
      test("keeps facts of rules on trial apart in the totals", async () => {
        const facts = [sampleFact("f1"), sampleFact("f2"), sampleFact("f3")];
        await store.commit({ id: "1", facts, shadowFacts: ["f2", "f3"] });
        await store.commit({ id: "2", facts: [sampleFact("f3")], shadowFacts: ["f3"] });
        expect(await store.counts()).toMatchObject({ facts: 1, factsShadow: 2 });
        expect(await store.findingCounts()).toEqual(new Map([["rule-1", 3]]));
        expect(await store.findings(["f2"])).toEqual([sampleFact("f2")]);
      });

      test("stores everything of a step, and keeps it over a restart", async () => {
        await store.commit(wholeStep("s1"));
        const check = async () => {
          expect(await store.recover(0)).toEqual({
            cursor: 2,
            inboxState: "positions",
            blobs: new Map([["group/1", "state"]]),
            alerts: [sampleAlert("a1")],
            incidents: [sampleIncident("i1")],
            denyList: [sampleDeny("d1")],
          });
          expect(await store.findings(["p1", "none", "f1"])).toEqual([sampleEpisode("p1"), sampleFact("f1")]);
          expect(await store.alert("a1")).toEqual(sampleAlert("a1"));
          expect(await store.alert("none")).toBeUndefined();
          expect(await store.incident("i1")).toEqual(sampleIncident("i1"));
          expect(await store.alertMembers("a1", 5)).toEqual(wholeStep("").alertMembers);
          expect(await store.history("a1")).toEqual(wholeStep("").history);
          expect(await store.idempotentAnswer("k1")).toBe('{"ok":true}');
          expect(await store.idempotentAnswer("k2")).toBeUndefined();
          const row = { ...sampleEffect("x1"), state: "pending", attempts: 0, notBefore: 3_000 };
          expect(await store.effect("x1")).toEqual(row);
          expect(await store.counts()).toEqual({
            alertsTotal: 1,
            alertsOpen: { high: 1 },
            incidentsTotal: 1,
            incidentsOpen: 1,
            facts: 1,
            factsShadow: 0,
            refused: 0,
            auditEntries: 1,
          });
          const expected = new Map([
            ["rule-1", 1],
            ["rule-2", 1],
          ]);
          expect(await store.findingCounts()).toEqual(expected);
          expect(await store.verifyAudit()).toEqual({ ok: true, entries: 1 });
        };
        await check();
        await reopen();
        await check();
      });

      test("made again changes nothing, also after a restart, and tells nobody", async () => {
        const seen: (readonly Change[])[] = [];
        store.onChange((changes) => seen.push(changes));
        await store.commit(wholeStep("s1"));
        await store.commit(
          wholeStep("s2", {
            cursor: 5,
            facts: [],
            blobs: [{ key: "group/1", value: "newer" }],
            denyList: [sampleDeny("d1", { state: "in_force" })],
          }),
        );
        const before = await everythingOf(store);
        await store.commit(wholeStep("s1"));
        expect(await everythingOf(store)).toEqual(before);
        expect(seen).toEqual([
          [
            { sequence: 1, kind: "alert", id: "a1", revision: 1 },
            { sequence: 2, kind: "incident", id: "i1", revision: 1 },
            { sequence: 3, kind: "deny_list", id: "d1", revision: 1 },
          ],
          [{ sequence: 4, kind: "deny_list", id: "d1", revision: 2 }],
        ]);
        await reopen();
        await store.commit(wholeStep("s2", { cursor: 9 }));
        expect(await everythingOf(store)).toEqual(before);
      });

      test("never takes the cursor back, keeps what belongs to it, and removes blobs set to null", async () => {
        const blobs = [
          { key: "a", value: "1" },
          { key: "b", value: "2" },
        ];
        await store.commit({ id: "1", cursor: 7, inboxState: "seven", blobs });
        await store.commit({ id: "2", cursor: 3, inboxState: "three", blobs: [{ key: "a", value: null }] });
        await store.commit({ id: "3", inboxState: "none" });
        expect(await store.recover(0)).toMatchObject({ cursor: 7, inboxState: "seven", blobs: new Map([["b", "2"]]) });
        await store.commit({ id: "4", cursor: 7, inboxState: "seven, further" });
        await store.commit({ id: "5", cursor: 7, blobs: [{ key: "a", value: "back" }] });
        await reopen();
        expect(await store.recover(0)).toMatchObject({
          cursor: 7,
          inboxState: "seven, further",
          blobs: new Map([
            ["a", "back"],
            ["b", "2"],
          ]),
        });
      });

      test("gives blobs back under their keys, whatever text they are", async () => {
        const texts = [
          "",
          "a/b",
          "\ud800",
          '"',
          "\u0000\n",
          "é".repeat(600),
          "k".repeat(40_000),
          "~",
          "x|y",
          "__proto__",
        ];
        const blobs = texts.flatMap((key, at) => [
          { key, value: texts[(at + 1) % texts.length] ?? "" },
          { key: `${key}!`, value: key },
        ]);
        await store.commit({ id: "1", blobs });
        expect((await store.recover(0)).blobs).toEqual(new Map(blobs.map(({ key, value }) => [key, value])));
      });

      test("takes ids and entities of any length and text", async () => {
        const odd = ["\ud800 half", "x".repeat(3_000), "a b/c?d#e", "ünï|code"];
        const entities = odd.map((value) => ({ kind: "user" as const, value }));
        await store.commit({ id: "\ud800", alerts: odd.map((id) => sampleAlert(id, { entities })) });
        for (const id of odd) expect((await store.alert(id))?.id).toBe(id);
        for (const entity of odd) expect((await store.listAlerts({ ...page, entity })).total).toBe(4);
      });

      test("takes audit details that JSON has no place for, as JSON would write them", async () => {
        const details = { odd: Number.POSITIVE_INFINITY, gone: undefined };
        await store.commit({ id: "1", audit: [{ time: 1, actor: "a", action: "b", subject: "c", details }] });
        expect((await store.listAudit(undefined, 1)).items[0]?.details).toEqual({ odd: null });
        expect(await store.verifyAudit()).toEqual({ ok: true, entries: 1 });
      });

      test("accepts a finding again, whatever the order of its keys, and refuses another content under its id", async () => {
        await store.commit({ id: "1", facts: [sampleFact("f1")] });
        await store.commit({
          id: "2",
          facts: [Object.fromEntries(Object.entries(sampleFact("f1")).reverse()) as never],
        });
        expect((await store.counts()).facts).toBe(1);
        const other = { id: "3", cursor: 9, facts: [sampleFact("f2"), sampleFact("f1", { time: 5 })] };
        await expect(store.commit(other)).rejects.toMatchObject({ code: "store-fact-conflict", retryable: false });
        expect((await store.recover(0)).cursor, "nothing of the step is stored").toBe(0);
        expect((await store.counts()).facts).toBe(1);
        await store.commit({ id: "3", cursor: 9 });
        expect((await store.recover(0)).cursor, "a refused step is not remembered as committed").toBe(9);
      });

      test("replaces a document only by a higher revision", async () => {
        const step = (id: string, revision: number, title: string): StepCommit => ({
          id,
          alerts: [sampleAlert("a1", { revision, title })],
          episodes: [sampleEpisode("p1", { revision, to: 2_000 + revision })],
          incidents: [sampleIncident("i1", { revision, title })],
        });
        await store.commit(step("1", 3, "three"));
        await store.commit(step("2", 2, "two"));
        expect((await store.alert("a1"))?.title).toBe("three");
        expect(await store.findings(["p1"])).toEqual([sampleEpisode("p1", { revision: 3, to: 2_003 })]);
        expect((await store.incident("i1"))?.revision).toBe(3);
        await expect(store.commit(step("3", 3, "other"))).rejects.toMatchObject({
          code: "store-revision-conflict",
          retryable: false,
        });
        await store.commit(step("4", 4, "four"));
        expect((await store.alert("a1"))?.title).toBe("four");
        expect((await store.listAlerts(page)).items.map(({ title }) => title)).toEqual(["four"]);
      });

      test("keeps the newest of many concurrent ones in the order in which they were asked for", async () => {
        await Promise.all(
          Array.from({ length: 20 }, (_, at) =>
            store.commit({ id: `c${at}`, cursor: at + 1, alerts: [sampleAlert("a1", { revision: at + 1 })] }),
          ),
        );
        expect((await store.recover(0)).cursor).toBe(20);
        expect((await store.alert("a1"))?.revision).toBe(20);
      });
    });

    describe("the outbox", () => {
      const states: readonly EffectState[] = ["pending", "attempting", "done", "withdrawn", "escalated"];
      const kept: Partial<Record<EffectState, readonly EffectState[]>> = {
        done: [],
        escalated: ["done"],
        withdrawn: ["done"],
      };

      test("keeps the order of the states, whatever update comes", async () => {
        const pairs = states.flatMap((from) => states.map((to) => [from, to, `${from}-${to}`] as const));
        await store.commit({ id: "0", effects: pairs.map(([, , id]) => sampleEffect(id)) });
        const first = pairs.map(([from, , id]) => ({ id, state: from, attempts: 1, notBefore: 5 }));
        await store.commit({ id: "1", effectUpdates: first });
        const second = pairs.map(([, to, id]) => ({ id, state: to, attempts: 2, notBefore: 6.5, lastError: "e" }));
        await store.commit({ id: "2", effectUpdates: second });
        let waiting = 0;
        for (const [from, to, id] of pairs) {
          const moves = kept[from]?.includes(to) ?? true;
          const expected = moves
            ? { state: to, attempts: 2, notBefore: 6.5, lastError: "e" }
            : { state: from, attempts: 1, notBefore: 5 };
          expect(await store.effect(id), id).toEqual({ ...sampleEffect(id), ...expected });
          if (["pending", "attempting"].includes(expected.state)) waiting += 1;
        }
        expect(await store.pendingEffects()).toBe(waiting);
      });

      test("gives due effects oldest first: pending in time, and every one left in an attempt", async () => {
        const effects = ["d", "b", "c", "a"].map((id) =>
          sampleEffect(id, { createdAt: 1, action: id === "c" ? "other" : "notify" }),
        );
        await store.commit({ id: "0", effects });
        await store.commit({
          id: "0b",
          effects: [sampleEffect("d", { createdAt: 9 }), sampleEffect("e", { createdAt: 1 })],
        });
        await store.commit({
          id: "1",
          effectUpdates: [
            { id: "d", state: "pending", attempts: 1, notBefore: 100 },
            { id: "b", state: "attempting", attempts: 1, notBefore: 100 },
            { id: "a", state: "done", attempts: 1, notBefore: 0 },
          ],
        });
        const due = async (now: number, limit: number, action?: string) =>
          (await store.dueEffects(now, limit, action)).map(({ id }) => id);
        expect(await due(50, 10)).toEqual(["b", "c", "e"]);
        expect(await due(100, 2)).toEqual(["d", "b"]);
        expect(await due(100, 10, "other")).toEqual(["c"]);
      });

      test("refuses an update of an effect that it does not hold", async () => {
        const step = { id: "1", effectUpdates: [{ id: "no", state: "done" as const, attempts: 1, notBefore: 0 }] };
        await expect(store.commit(step)).rejects.toMatchObject({ code: "store-effect-unknown", retryable: false });
        await store.commit({ ...step, effects: [sampleEffect("no")] });
        expect((await store.effect("no"))?.state).toBe("done");
      });
    });

    describe("a list", () => {
      test("pages through all alerts once, newest first, whatever the page size and equal times", async () => {
        const times = [1, 2, 2, 2.5, 3, 3, 3, 1, 2.5, 2, 3];
        const alerts = times.map((openedAt, at) => sampleAlert(`a${String(at).padStart(2, "0")}`, { openedAt }));
        await store.commit({ id: "1", alerts });
        const expected = alerts
          .toSorted((a, b) => b.openedAt - a.openedAt || (a.id < b.id ? 1 : -1))
          .map(({ id }) => id);
        for (const limit of [1, 3, 4, 11, 50]) {
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const answer = await store.listAlerts({ limit, cursor });
            expect(answer.total).toBe(alerts.length);
            seen.push(...answer.items.map(({ id }) => id));
            cursor = answer.nextCursor;
          } while (cursor !== undefined);
          expect(seen).toEqual(expected);
        }
        const first = await store.listAlerts({ limit: 4 });
        await store.commit({ id: "2", alerts: [sampleAlert("newer", { openedAt: 9 })] });
        const rest = await store.listAlerts({ limit: 50, cursor: first.nextCursor });
        expect(
          rest.items.map(({ id }) => id),
          "a page holds whatever is written meanwhile",
        ).toEqual(expected.slice(4));
      });

      test("of alerts is filtered", async () => {
        await store.commit({
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
        const entities = [{ kind: "address" as const, value: "203.0.113.9" }];
        await store.commit({
          id: "2",
          alerts: [sampleAlert("a2", { revision: 2, openedAt: 2, status: "closed", entities })],
        });
        const table: readonly (readonly [Partial<AlertQuery>, readonly string[]])[] = [
          [{}, ["a3", "a2", "a1"]],
          [{ status: "closed" }, ["a2"]],
          [{ severity: "low" }, ["a3"]],
          [{ rule: "other" }, ["a3"]],
          [{ entity: "203.0.113.9" }, ["a2"]],
          [{ entity: "203.0.113.8" }, []],
          [{ entity: "203.0.113.7" }, ["a3", "a1"]],
          [{ from: 2_500 }, ["a3"]],
          [{ from: 2_000.75 }, ["a3", "a2", "a1"]],
          [{ to: 1_500 }, ["a2", "a1"]],
          [{ to: 1_000.2 }, []],
          [{ from: 2_500, to: 1_500 }, []],
        ];
        for (const [filter, expected] of table) {
          const answer = await store.listAlerts({ ...page, ...filter });
          expect([answer.items.map(({ id }) => id), answer.total], JSON.stringify(filter)).toEqual([
            expected,
            expected.length,
          ]);
        }
        expect((await store.alert("gone"))?.mergedInto).toBe("a1");
        expect(await store.counts()).toMatchObject({ alertsTotal: 3, alertsOpen: { high: 1, low: 1 } });
      });

      test("of incidents is filtered, and recovering leaves out what was not seen since the horizon", async () => {
        await store.commit({
          id: "1",
          alerts: [sampleAlert("old", { lastSeen: 10.25 }), sampleAlert("new", { lastSeen: 10.5 })],
          incidents: [
            sampleIncident("i1", { openedAt: 1, lastSeen: 10.25 }),
            sampleIncident("i2", { openedAt: 2, lastSeen: 11, status: "closed", entities: [] }),
            sampleIncident("i3", { mergedInto: "i1" }),
          ],
        });
        const ids = async (query: Partial<IncidentQuery>) =>
          (await store.listIncidents({ ...page, ...query })).items.map(({ id }) => id);
        expect(await ids({})).toEqual(["i2", "i1"]);
        expect(await ids({ status: "closed" })).toEqual(["i2"]);
        expect(await ids({ entity: "203.0.113.7" })).toEqual(["i1"]);
        expect(await store.counts()).toMatchObject({ incidentsTotal: 2, incidentsOpen: 1 });
        const state = await store.recover(10.5);
        expect(state.alerts.map(({ id }) => id)).toEqual(["new"]);
        expect(state.incidents.map(({ id }) => id)).toEqual(["i2"]);
      });

      test("of the deny list gives what is in force, what belongs to an incident, and what can still matter", async () => {
        await store.commit({
          id: "1",
          incidents: [sampleIncident("i1", { alertIds: ["a1", "a2"] }), sampleIncident("i2", { alertIds: [] })],
          denyList: [
            sampleDeny("late", { createdAt: 9, expiresAt: 100, state: "in_force", incidentId: "i1" }),
            sampleDeny("undone", { createdAt: 1, state: "undone", endedAt: 50, alertId: "a2" }),
            sampleDeny("early", { createdAt: 2.5, expiresAt: 101, alertId: "a1", incidentId: "i1" }),
            sampleDeny("other", { createdAt: 3, state: "expired", endedAt: 50, alertId: "a3", incidentId: "i3" }),
            sampleDeny("byHand", { createdAt: 4, expiresAt: 200 }),
          ],
        });
        const inForce = async (now: number) => (await store.denyListInForce(now)).map(({ id }) => id);
        expect(await inForce(0)).toEqual(["early", "byHand", "late"]);
        expect(await inForce(100)).toEqual(["early", "byHand"]);
        expect(await inForce(200)).toEqual([]);
        const ofIncident = async (id: string) => (await store.denyListOfIncident(id)).map((entry) => entry.id);
        expect(await ofIncident("i1")).toEqual(["undone", "early", "late"]);
        expect([await ofIncident("i2"), await ofIncident("i3"), await ofIncident("none")]).toEqual([[], ["other"], []]);
        expect(await store.denyListEntry("undone")).toMatchObject({ id: "undone", endedAt: 50 });
        expect(await store.denyListEntry("none")).toBeUndefined();
        const first = await store.listDenyList(undefined, 2);
        expect([first.total, first.items.map(({ id }) => id)]).toEqual([5, ["late", "byHand"]]);
        const second = await store.listDenyList(first.nextCursor, 10);
        expect(second.items.map(({ id }) => id)).toEqual(["other", "early", "undone"]);
        expect((await store.recover(51)).denyList.map(({ id }) => id)).toEqual(["early", "byHand", "late"]);
      });

      test("refuses a cursor that it did not make", async () => {
        for (const cursor of ["", "x", "bnVsbA", Buffer.from('["a","b"]').toString("base64url")]) {
          const failure = { code: "cursor-invalid", retryable: false };
          await expect(store.listAlerts({ ...page, cursor })).rejects.toMatchObject(failure);
          await expect(store.listAudit(cursor, 10)).rejects.toMatchObject(failure);
        }
      });

      test("of refused input is newest first, and counted", async () => {
        const refused = (reason: string) => ({ time: 1, source: "otlp", reason, detail: "", sample: "\\x00" });
        await store.refuse([refused("one"), refused("two")]);
        await store.refuse([refused("three")]);
        await reopen();
        await store.refuse([refused("three")]);
        const first = await store.listRefused(undefined, 3);
        expect(first.items.map(({ reason }) => reason)).toEqual(["three", "three", "two"]);
        expect(first.total).toBe(4);
        const { items } = await store.listRefused(first.nextCursor, 2);
        expect(items.map(({ sequence: _sequence, ...rest }) => rest)).toEqual([refused("one")]);
        expect((await store.counts()).refused).toBe(4);
      });

      test("of refused input holds the newest 10,000, and all are counted", async () => {
        const many = Array.from({ length: 10_003 }, (_, at) => ({
          time: 1,
          source: "otlp",
          reason: `r${at}`,
          detail: "",
          sample: "",
        }));
        await store.refuse(many);
        expect(await store.listRefused(undefined, 1)).toMatchObject({ total: 10_000, items: [{ reason: "r10002" }] });
        expect((await store.counts()).refused).toBe(10_003);
      });

      test("of the audit trail is newest first, and its chain holds over restarts", async () => {
        const audited = (id: string, count: number): StepCommit => ({
          id,
          audit: Array.from({ length: count }, (_, index) => ({
            time: index,
            actor: "worker",
            action: "test",
            subject: id,
            details: { index },
          })),
        });
        expect(await store.verifyAudit()).toEqual({ ok: true, entries: 0 });
        await store.commit(audited("1", 3));
        await reopen();
        await store.commit(audited("2", 1_200));
        expect(await store.verifyAudit()).toEqual({ ok: true, entries: 1_203 });
        const first = await store.listAudit(undefined, 2);
        expect([first.total, first.items.map(({ sequence }) => sequence)]).toEqual([1_203, [1_203, 1_202]]);
        const second = await store.listAudit(first.nextCursor, 1);
        expect(second.items[0]?.hash).toBe(first.items[1]?.previousHash);
      });
    });
  });
}
