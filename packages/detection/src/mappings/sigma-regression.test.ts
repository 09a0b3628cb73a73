import { describe, expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import { createDetector } from "../match/detector.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { defendForm, flatten, halfNest, sysmonPipelineForm, winlogbeatForm } from "../testing/ecs-form.ts";
import { RULE_SETS, type SharedRule, sharedLines, skipReason, withSharedData } from "../testing/shared-data.ts";
import { DEFAULT_MAPPINGS } from "./default-mappings.ts";

interface Case {
  readonly case_id: string;
  readonly rule_id: string;
  readonly rule_title: string;
  readonly events_flat: readonly JsonObject[];
  readonly events_nested: readonly JsonObject[];
}

describe.skipIf(!withSharedData)(`the events that SigmaHQ recorded for its rules fire them${skipReason}`, () => {
  const cases = withSharedData ? sharedLines<Case>("sigma-regression.jsonl.gz") : [];
  const wanted = new Set(cases.map(({ rule_id: id }) => id));
  const shared = withSharedData ? sharedLines<SharedRule & { readonly id: string }>("sigma-rules.jsonl.gz") : [];
  const { rules } = loadRules(
    shared.filter(({ id }) => wanted.has(id)).map(({ path, yaml }) => ({ path, text: yaml })),
  );
  const detector = createDetector(rules);
  /** For each event whether the rule of its case fires. */
  const fires = (id: string, documents: readonly (JsonObject | undefined)[]): readonly (boolean | undefined)[] =>
    documents.map((document, index) =>
      document === undefined
        ? undefined
        : detector.judge({ id: String(index), time: 0, document }).facts.some(({ rule }) => rule.id === id),
    );
  const isSysmon = (event: JsonObject): boolean => String(event.Channel).includes("Sysmon");

  test("as they are", () => {
    const firing = cases.filter(({ rule_id: id, events_flat: events }) => fires(id, events).includes(true));
    expect(firing).toHaveLength(133);
  });

  test.each<[string, string, (flat: JsonObject, nested: JsonObject) => JsonObject | undefined]>([
    ["nested as EVTX readers do", "windows-evtx", (_flat, nested) => nested],
    ["nested without the element Event", "windows-xml", (_flat, nested) => nested.Event as JsonObject],
    [
      "with EventData as a list of names and texts",
      "windows-evtx",
      (_flat, nested) => {
        const { System, EventData } = nested.Event as { System: JsonObject; EventData?: JsonObject | null };
        const Data = Object.entries(EventData ?? {}).map(([key, value]) => ({ "@Name": key, "#text": value }));
        return EventData === undefined ? nested : { Event: { System, EventData: { Data } } };
      },
    ],
    ["from Winlogbeat without a pipeline", "winlogbeat", (flat) => winlogbeatForm(flat)],
    ["from Winlogbeat, flattened", "winlogbeat", (flat) => flatten(winlogbeatForm(flat))],
    ["from Winlogbeat, half flattened", "winlogbeat", (flat) => halfNest(winlogbeatForm(flat))],
    ["after the Sysmon pipeline", "winlogbeat", (flat) => (isSysmon(flat) ? sysmonPipelineForm(flat) : undefined)],
    [
      "after the Sysmon pipeline, flattened",
      "winlogbeat",
      (flat) => (isSysmon(flat) ? flatten(sysmonPipelineForm(flat)) : undefined),
    ],
    ["as Elastic Defend sees them", "ecs", (flat) => defendForm(flat)],
    [
      "as Elastic Defend sees them, half flattened",
      "ecs",
      (flat) => {
        const document = defendForm(flat);
        return document === undefined ? undefined : halfNest(document);
      },
    ],
  ])("%s, read by %s", (_name, mapping, form) => {
    // Elastic Defend does not name the user of the parent process.
    const withoutParentUser = "d2b7a134-9c3e-4f8a-b56d-e0c1f8a29b47";
    let compared = 0;
    const lost: string[] = [];
    for (const { case_id: name, rule_id: id, rule_title: title, events_flat: flat, events_nested: nested } of cases) {
      const documents = flat.map((event, index) => form(event, nested[index] ?? {}));
      const before = fires(id, flat);
      const after = fires(id, documents);
      for (const [index, document] of documents.entries()) {
        if (document === undefined || (mapping === "ecs" && id === withoutParentUser)) continue;
        compared++;
        expect(DEFAULT_MAPPINGS.find((candidate) => candidate.accepts(document))?.name).toBe(mapping);
        if (before[index] !== after[index])
          lost.push(`${title} (${name}, ${index}): ${before[index]} became ${after[index]}`);
      }
    }
    expect(lost).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });
});

describe.skipIf(!withSharedData)(`all of SigmaHQ's rules say the same of an event in every form${skipReason}`, () => {
  const shared = withSharedData ? sharedLines<SharedRule>("sigma-rules.jsonl.gz") : [];
  const { rules } = loadRules(
    shared.filter(({ set }) => RULE_SETS.includes(set)).map(({ path, yaml }) => ({ path, text: yaml })),
  );
  const detector = createDetector(rules);
  const facts = (document: JsonObject): readonly string[] =>
    detector.judge({ id: "", time: 0, document }).facts.map(({ rule }) => rule.title);
  const events = withSharedData
    ? [
        ...sharedLines<{ events: readonly JsonObject[] }>("windows-attack.jsonl.gz").flatMap((line) => line.events),
        ...sharedLines<{ event: JsonObject }>("otrf-windows.jsonl.gz").flatMap(({ event }) =>
          event.EventID === undefined || event.Channel === undefined ? [] : [event],
        ),
      ].filter((_, index) => process.env["VEDETTE_TEST_LONG"] === "1" || index % 10 === 0)
    : [];

  test.each<[string, (flat: JsonObject) => JsonObject | undefined]>([
    ["from Winlogbeat", winlogbeatForm],
    [
      "after the Sysmon pipeline",
      (flat) => (String(flat.Channel).includes("Sysmon") ? sysmonPipelineForm(flat) : undefined),
    ],
  ])("%s", (_name, form) => {
    let count = 0;
    for (const flat of events) {
      const document = form(flat);
      if (document === undefined) continue;
      const wanted = facts(flat);
      count += wanted.length;
      expect(facts(document)).toEqual(wanted);
    }
    expect(count).toBeGreaterThan(20);
  });
});
