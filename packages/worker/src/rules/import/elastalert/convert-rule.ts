import { createHash } from "node:crypto";
import { parse, stringify } from "yaml";
import { detectionOf, oneOf, readFilter } from "./filters.ts";
import { realertSeconds, seconds, settingNotes, type Settings } from "./settings.ts";
import { exists, fieldName, type Filter, NotConvertible } from "./lucene.ts";

/** An ElastAlert rule as one of ours, or why it cannot be one. */
export type Conversion =
  | {
      readonly ok: true;
      /** Sigma YAML: a signature, and the correlation over it where the type is one. */
      readonly text: string;
      readonly ids: readonly string[];
      /** In what it differs, one sentence each. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

/** Sigma's log source, which every rule needs. */
export type ImportLogSource = Readonly<Partial<Record<"product" | "category" | "service", string>>>;

/** Types that no rule of ours can express exactly, with what to use instead. */
const NOT_CONVERTIBLE: Readonly<Record<string, string>> = {
  new_term: "it learns the terms of the past 30 days by itself, which rules do not; a profile will",
  flatline: "it is about what does not happen; alert in Prometheus on vedette_records_received_total of the source",
  spike: "it compares two windows that follow each other; alert in Prometheus on the rate",
  spike_aggregation: "it compares two windows that follow each other; alert in Prometheus on the rate",
  metric_aggregation:
    "it looks at fixed buckets, and ours at every window; write a correlation of type value_avg or value_sum by hand",
  percentage_match:
    "it compares with documents outside its filter; write a correlation of type value_percentile by hand",
};

/** Options that say how ElastAlert works or tells people, not what it looks for. */
const LEFT_OUT =
  /^(alert|alert_.*|include|top_count_.*|raw_count_keys|slack_.*|email.*|smtp_.*|from_addr|cc|bcc|jira_.*|opsgenie_.*|pagerduty_.*|telegram_.*|ms_teams_.*|http_post.*|command|kibana_.*|generate_kibana.*|use_(kibana|count_query|terms_query|local_time|strftime_index).*|buffer_time|query_delay|run_every|es_.*|scan_entire_timeframe|max_query_size|attach_related|aggregation|aggregate_by_match_time|summary_.*|timestamp_.*|_source_enabled|owner|category|is_enabled|doc_type|terms_size|allow_buffer_time_overlap|exponential_realert|link|notify_.*|match_enhancements|run_enhancements_first|include_(match|rule).*|limit_execution|realert_key)$/;
/** Options that are taken. */
const TAKEN = new Set([
  "name",
  "type",
  "index",
  "filter",
  "description",
  "priority",
  "realert",
  "query_key",
  "timeframe",
  "num_events",
  "compare_key",
  "ignore_null",
  "blacklist",
  "whitelist",
  "cardinality_field",
  "max_cardinality",
  "min_cardinality",
  "filter_by_list",
  "reference",
  "references",
  "author",
  "license",
  "licence",
]);
const LEVELS = ["low", "medium", "high", "critical"] as const;
const MAX_TIMEFRAME = 31 * 86_400;
function timeframe(settings: Settings, type: string): string {
  if (settings["timeframe"] === undefined)
    throw new NotConvertible(
      `${type} without a timeframe: there is nothing after which ours could forget; add one of at most 31 days`,
    );
  const value = seconds(settings["timeframe"], "timeframe");
  if (value > MAX_TIMEFRAME) throw new NotConvertible("a timeframe of more than 31 days");
  return `${value}s`;
}

const texts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((one) => fieldName(String(one)));

const positive = (settings: Settings, name: string): number => {
  const value = settings[name];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1)
    throw new NotConvertible(`"${name}" that is no whole number above 0`);
  return value;
};

function scalars(value: unknown, name: string): readonly (string | number | boolean)[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const plain = list.filter((one): one is string | number | boolean =>
    ["string", "number", "boolean"].includes(typeof one),
  );
  if (plain.length === 0 || plain.length < list.length) throw new NotConvertible(`a ${name} that is no plain list`);
  if (plain.some((one) => typeof one === "string" && one.startsWith("!file")))
    throw new NotConvertible(`a ${name} in a file; write its lines into the rule`);
  return plain;
}

const uuid = (...parts: readonly string[]): string => {
  const digits = createHash("sha256").update(parts.join("\0")).digest("hex");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
};

/** The log source that the name of an index tells: Winlogbeat reads Windows alone. */
function logSourceOf(index: unknown): ImportLogSource | undefined {
  const names = texts(index).flatMap((text) => text.split(","));
  return names.length > 0 && names.every((name) => /^(?:winlogbeat|logs-(?:windows|system\.security))/.test(name))
    ? { product: "windows" }
    : undefined;
}

interface Parts {
  readonly filter: Filter;
  readonly correlation?: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

const COUNTED_NOTE =
  "ElastAlert forgets what it has counted at each match; here, what goes on is one episode, and its alert is updated.";
const BORDER_NOTE =
  "Events that lie exactly the timeframe apart are counted together here; ElastAlert counts only those that are nearer.";
const ABOVE_NOTE =
  "ElastAlert tells of each event above the bound; here, what goes on is one episode, and its alert is updated.";
const KEY_NOTE = "Events without the query_key are not counted; ElastAlert counts them as a group of their own.";
const LIST_NOTE = "A field with several values is compared value by value; ElastAlert fails on it.";

function partsOf(type: string, settings: Settings, base: Filter | undefined): Parts {
  const required = (): Filter => {
    if (base === undefined) throw new NotConvertible("a rule without a filter");
    return base;
  };
  const also = (more: Filter): Filter => (base === undefined ? more : { kind: "and", of: [base, more] });
  const groupBy = texts(settings["query_key"]);
  const group = groupBy.length === 0 ? {} : { "group-by": groupBy };
  const grouped = groupBy.length === 0 ? [] : [KEY_NOTE];
  switch (type) {
    case "any":
      return { filter: required(), notes: [] };
    case "frequency": {
      const correlation = {
        type: "event_count",
        ...group,
        timespan: timeframe(settings, type),
        condition: { gte: positive(settings, "num_events") },
      };
      return { filter: required(), correlation, notes: [COUNTED_NOTE, BORDER_NOTE, ...grouped] };
    }
    case "cardinality": {
      if (settings["min_cardinality"] !== undefined)
        throw new NotConvertible("min_cardinality is about what does not happen; only max_cardinality can be taken");
      const field = texts(settings["cardinality_field"])[0];
      if (field === undefined) throw new NotConvertible("cardinality without a cardinality_field");
      const condition = { field, gt: positive(settings, "max_cardinality") };
      const correlation = { type: "value_count", ...group, timespan: timeframe(settings, type), condition };
      return { filter: also(exists(field)), correlation, notes: [ABOVE_NOTE, ...grouped] };
    }
    case "change": {
      const fields = texts(settings["compare_key"]);
      const [first] = fields;
      if (first === undefined || groupBy.length === 0)
        throw new NotConvertible("change without a compare_key and a query_key");
      const condition = { field: fields.length === 1 ? first : fields, gte: 2 };
      const correlation = { type: "value_count", ...group, timespan: timeframe(settings, type), condition };
      const there = fields.map(exists);
      const filter: Filter = { kind: "and", of: [...(base === undefined ? [] : [base]), ...there] };
      const nulls =
        settings["ignore_null"] === true
          ? ["The number 0 and an empty list are values here; with ignore_null ElastAlert takes them for none."]
          : [
              "An event without the compare_key is no change here; ElastAlert takes it for one unless ignore_null is true.",
            ];
      return {
        filter: filter.of.length === 1 && filter.of[0] !== undefined ? filter.of[0] : filter,
        correlation,
        notes: [
          "Two different values within the timeframe are one episode; ElastAlert tells of each change.",
          ...nulls,
          KEY_NOTE,
        ],
      };
    }
    case "blacklist":
    case "whitelist": {
      const field = texts(settings["compare_key"])[0];
      if (field === undefined) throw new NotConvertible(`${type} without a compare_key`);
      const entries = scalars(settings[type], type);
      // ElastAlert asks the cluster by the expression, and then compares its text with the value: the two never agree.
      if (entries.some((entry) => typeof entry === "string" && /^\/.*\/$/s.test(entry)))
        throw new NotConvertible(`a regular expression in a ${type}; write a rule with |re by hand`);
      const listed = oneOf(field, entries);
      if (type === "blacklist") return { filter: also(listed), notes: [LIST_NOTE] };
      if (typeof settings["ignore_null"] !== "boolean") throw new NotConvertible("whitelist without ignore_null");
      const not: Filter = { kind: "not", of: listed };
      const outside: Filter = settings["ignore_null"] ? { kind: "and", of: [exists(field), not] } : not;
      return { filter: also(outside), notes: [LIST_NOTE] };
    }
    default:
      throw new NotConvertible(`the type ${type}: ${NOT_CONVERTIBLE[type] ?? "it is not known here"}`);
  }
}

const realertOf = (settings: Settings): Readonly<Record<string, unknown>> => {
  const window = realertSeconds(settings);
  // The shortest silence there is: findings of different moments are alerts of their own.
  return {
    vedette: { suppression: { by: texts(settings["query_key"]), window: window === 0 ? "1ms" : `${window}s` } },
  };
};

/**
 * Converts the text of one ElastAlert rule. Nothing is converted inexactly without a note that says in what it differs.
 *
 * @param logSource of all rules, where the name of the index does not tell.
 */
export function convertElastAlertRule(text: string, path: string, logSource?: ImportLogSource): Conversion {
  try {
    const settings = parse(text) as Settings | null;
    if (typeof settings !== "object" || settings === null || Array.isArray(settings))
      throw new NotConvertible("a file that is no map");
    return convert(settings, path, logSource);
  } catch (error) {
    if (error instanceof NotConvertible) return { ok: false, reason: error.message };
    return { ok: false, reason: `a file that is no YAML: ${(error as Error).message.split("\n")[0] ?? ""}` };
  }
}

function convert(settings: Settings, path: string, given: ImportLogSource | undefined): Conversion {
  const { name, type, filter } = settings;
  if (settings["import"] !== undefined)
    throw new NotConvertible("an import of another file, which may hold filters; write what it says into the rule");
  if (typeof type !== "string") throw new NotConvertible("a rule without a type");
  const title = typeof name === "string" ? name : path;
  const entries: readonly unknown[] = Array.isArray(filter)
    ? filter
    : filter === undefined || filter === null
      ? []
      : [filter];
  const filters = entries.map(readFilter);
  const [first] = filters;
  const base: Filter | undefined = filters.length > 1 ? { kind: "and", of: filters } : first;
  const parts = partsOf(type, settings, base);
  const logsource = given ?? logSourceOf(settings["index"]);
  if (logsource === undefined)
    throw new NotConvertible(
      `the index ${texts(settings["index"]).join(", ") || "(none)"} does not tell a log source; name it with --logsource product=NAME,category=NAME,service=NAME`,
    );
  const others = Object.keys(settings).filter((key) => !TAKEN.has(key));
  const unknown = others.filter((key) => !LEFT_OUT.test(key));
  if (unknown.length > 0) throw new NotConvertible(`the option ${unknown.join(", ")}, which is not known here`);
  const priority = Number(settings["priority"] ?? 2);
  const level = LEVELS[Math.min(4, Math.max(1, Number.isInteger(priority) ? priority : 2)) - 1] ?? "medium";
  const notes = [
    ...parts.notes,
    ...settingNotes(settings, level),
    `The rule looks at all events of its log source, wherever they are; ElastAlert looked at ${texts(settings["index"]).join(", ") || "its default index"}.`,
    "Filters compare whole values, as on keyword and number fields; on a text field ElastAlert compared words.",
    ...(others.length > 0 ? [`Not taken: ${others.join(", ")}.`] : []),
  ];
  const author = settings["author"];
  const licence = settings["license"] ?? settings["licence"];
  const shared = {
    status: "experimental",
    ...(typeof settings["description"] === "string" ? { description: settings["description"].trim() } : {}),
    ...(typeof author === "string" ? { author } : {}),
    ...(typeof licence === "string" ? { license: licence } : {}),
    level,
  };
  const id = uuid("elastalert", title);
  const signature = {
    title: parts.correlation === undefined ? title : `${title} (event)`,
    id,
    ...shared,
    logsource,
    detection: detectionOf(parts.filter),
    ...(parts.correlation === undefined ? realertOf(settings) : {}),
  };
  const comment = notes.map((note) => `# ${note}\n`).join("");
  const write = (document: unknown): string => stringify(document, { lineWidth: 0 });
  if (parts.correlation === undefined) return { ok: true, text: comment + write(signature), ids: [id], notes };
  const correlationId = uuid("elastalert", title, "correlation");
  const { type: kind, ...rest } = parts.correlation;
  const correlation = {
    title,
    id: correlationId,
    ...shared,
    correlation: { type: kind, rules: [id], ...rest },
    ...realertOf(settings),
  };
  return { ok: true, text: `${comment}${write(signature)}---\n${write(correlation)}`, ids: [id, correlationId], notes };
}
