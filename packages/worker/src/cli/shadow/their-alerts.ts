import type { JsonObject, JsonValue } from "@vedette/detection";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { calling } from "../../elasticsearch/errors.ts";
import { streamOf } from "../../detector/stage-one/tailed-record.ts";
import { readDocuments } from "../../hunt/read-documents.ts";
import type { TheirAlert } from "./compare-alerts.ts";

/** Where another system keeps what in its alerts. Each is a dotted path. */
export interface AlertFields {
  /** Of several times, the first that an alert has. */
  readonly time: readonly string[];
  readonly rule: string;
  readonly entity: readonly string[];
  /** Lists of ids and of indices go together by their order. */
  readonly document?: string;
  readonly index?: string;
}

/** A system whose alerts are known. */
export interface AlertPreset extends AlertFields {
  readonly pattern?: string;
  /** A document without one of these is no alert, and so is one that has `without`. */
  readonly needs: readonly string[];
  readonly without?: readonly string[];
  /** What this system leaves out by design. */
  readonly remark?: string;
}

const ENTITIES = ["host.name", "user.name", "source.ip"];

/** Systems whose alerts are known, by name. */
export const ALERT_PRESETS = {
  // Documented in "Alert schema" of Elastic Security. The parts of which an alert of several events is made are alerts themselves, marked as building blocks.
  "elastic-security": {
    pattern: ".alerts-security.alerts-*",
    time: ["kibana.alert.original_time", "kibana.alert.threshold_result.from", "@timestamp"],
    rule: "kibana.alert.rule.name",
    entity: ENTITIES,
    document: "kibana.alert.ancestors.id",
    index: "kibana.alert.ancestors.index",
    needs: ["kibana.alert.rule.name"],
    without: ["kibana.alert.building_block_type"],
    remark:
      "Alerts that Elastic Security suppressed or cut off at max_signals are in no index, so they count as missed by it.",
  },
  // Documented in "ElastAlert Metadata Index". Its other documents (status, silences, errors) have no alert_time.
  elastalert2: {
    pattern: "elastalert_status*",
    time: ["match_time", "alert_time"],
    rule: "rule_name",
    entity: ENTITIES.map((field) => `match_body.${field}`),
    document: "match_body._id",
    index: "match_body._index",
    needs: ["rule_name", "alert_time"],
    remark:
      "ElastAlert writes down no match that realert keeps quiet, so such matches count as missed by it; compare with realert 0, or by rule.",
  },
  ecs: { time: ["@timestamp"], rule: "rule.name", entity: ENTITIES, document: "event.id", needs: [] },
} as const satisfies Readonly<Record<string, AlertPreset>>;

/** Name of a preset. */
export type PresetName = keyof typeof ALERT_PRESETS;

/** The preset that a pattern tells. */
export function presetOf(pattern: string): PresetName {
  if (/alerts-security/.test(pattern)) return "elastic-security";
  return /elastalert/.test(pattern) ? "elastalert2" : "ecs";
}

/** All values at a dotted path, whether its parts are nested or stand in one name, in lists or not. */
export function valuesAt(document: JsonValue | undefined, path: string): readonly JsonValue[] {
  if (Array.isArray(document)) return document.flatMap((one: JsonValue) => valuesAt(one, path));
  if (typeof document !== "object" || document === null) return [];
  return Object.entries(document as JsonObject).flatMap(([name, value]) => {
    if (name === path) return Array.isArray(value) ? (value as readonly JsonValue[]) : value === null ? [] : [value];
    return path.startsWith(`${name}.`) ? valuesAt(value, path.slice(name.length + 1)) : [];
  });
}

const textsAt = (document: JsonObject, path: string): readonly string[] =>
  valuesAt(document, path).flatMap((value) =>
    typeof value === "string" || typeof value === "number" ? [String(value)] : [],
  );

function timeOf(value: JsonValue | undefined): number {
  if (typeof value === "number") return value;
  return typeof value === "string"
    ? Date.parse(/^\d{10,13}$/.test(value) ? new Date(Number(value)).toISOString() : value)
    : Number.NaN;
}

/** Reads an alert; undefined for one without a rule or a time. */
export function readAlert(document: JsonObject, place: string, fields: AlertFields): TheirAlert | undefined {
  const [rule] = textsAt(document, fields.rule);
  const time = fields.time.map((path) => timeOf(valuesAt(document, path)[0])).find((one) => !Number.isNaN(one));
  if (rule === undefined || time === undefined) return undefined;
  const ids = fields.document === undefined ? [] : textsAt(document, fields.document);
  const indices = fields.index === undefined ? [] : textsAt(document, fields.index);
  const documents = ids.map((id, at) => {
    const index = indices.length === ids.length ? indices[at] : undefined;
    // A pattern is no index: what it names has to be found by the id.
    return index === undefined || /[*,]/.test(index) ? `/${id}` : `${streamOf(index)}/${id}`;
  });
  return {
    place,
    rule,
    time,
    documents: [...new Set(documents)],
    entities: [...new Set(fields.entity.flatMap((path) => textsAt(document, path)))],
  };
}

/** Their alerts of a span, and how many documents were none. */
export interface TheirAlerts {
  readonly alerts: readonly TheirAlert[];
  readonly unread: number;
  /** Indices that fit the pattern. */
  readonly hasIndex: boolean;
  /** There were more than may be read. */
  readonly isCut: boolean;
}

/** Reads the alerts of a span of event time. */
export async function readTheirAlerts(
  { client }: Pick<Cluster, "client">,
  pattern: string,
  fields: AlertPreset,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<TheirAlerts> {
  const hasIndex = await calling(`Looking for ${pattern}`, () =>
    client.indices.exists({ index: pattern, allow_no_indices: false, expand_wildcards: ["open", "hidden"] }),
  );
  if (!hasIndex) return { alerts: [], unread: 0, hasIndex, isCut: false };
  const there = (field: string) => ({ exists: { field } });
  // A time further down the list counts where those before it are missing.
  const spans = fields.time.map((field, at) => ({
    bool: {
      filter: [{ range: { [field]: { gte: from, lte: to, format: "epoch_millis" } } }],
      must_not: fields.time.slice(0, at).map(there),
    },
  }));
  const query = {
    bool: {
      filter: [...fields.needs.map(there), { bool: { should: spans, minimum_should_match: 1 } }],
      must_not: (fields.without ?? []).map(there),
    },
  };
  const alerts: TheirAlert[] = [];
  let unread = 0;
  for await (const page of readDocuments(client, { indices: [pattern], query, pageSize: 1_000 }))
    for (const { index, id, source } of page) {
      const alert = readAlert(source, `${index}/${id}`, fields);
      if (alert === undefined) unread += 1;
      else if (alerts.length === limit) return { alerts, unread, hasIndex, isCut: true };
      else alerts.push(alert);
    }
  return { alerts, unread, hasIndex, isCut: false };
}
