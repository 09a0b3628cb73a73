import { createDetector, loadRules, type LogSource, type Rule } from "@vedette/detection";
import { stringify } from "yaml";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { readIndexGroups } from "../../hunt/index-groups.ts";
import { counted } from "../rules/loaded-rules.ts";
import { logSourceText, type SampledDocument, type SampledIndex } from "./index-report.ts";
import type { Remark } from "./remark.ts";

type Condition = NonNullable<Rule["condition"]>;

/** Fewer documents of a log source do not tell that a field is never there. */
const LEAST = 20;
/** Fields that a remark names. */
const NAMED = 5;

/** Whether an event of a log source is one that rules for `wanted` look at. */
export const fits = (wanted: LogSource, told: LogSource): boolean =>
  (["product", "category", "service"] as const).every((key) => wanted[key] === undefined || wanted[key] === told[key]);

/** Fields of which a value can make a rule match: those under `not` alone are not among them. */
function neededFields(condition: Condition): readonly string[] {
  if (condition.op === "not") return [];
  if (condition.op !== "test") return condition.items.flatMap(neededFields);
  return condition.field === undefined ? [] : [condition.field];
}

/** A field that rules of a log source read and no sampled document has. */
export interface AbsentField {
  readonly logSource: LogSource;
  readonly field: string;
  readonly rules: number;
  readonly documents: number;
}

/** Rules and the documents that they look at, by log source. */
function byLogSource(
  rules: readonly Rule[],
  samples: readonly SampledDocument[],
): readonly {
  readonly logSource: LogSource;
  readonly rules: readonly Rule[];
  readonly samples: readonly SampledDocument[];
}[] {
  const signatures = rules.filter(({ condition }) => condition !== undefined);
  return [...Map.groupBy(signatures, ({ logSource }) => logSourceText(logSource)).values()].flatMap((of) => {
    const [first] = of;
    if (first === undefined) return [];
    const own = samples.filter(({ logSources }) => logSources.some((told) => fits(first.logSource, told)));
    return [{ logSource: first.logSource, rules: of, samples: own }];
  });
}

/** Finds the fields that rules read and no sampled document of their log source has, by asking the engine itself whether the field is there. */
export function absentFields(rules: readonly Rule[], samples: readonly SampledDocument[]): readonly AbsentField[] {
  return byLogSource(rules, samples).flatMap(({ logSource, rules: of, samples: own }) => {
    if (own.length < LEAST) return [];
    const readers = new Map<string, number>();
    for (const { condition } of of)
      for (const field of new Set(condition === undefined ? [] : neededFields(condition)))
        readers.set(field, (readers.get(field) ?? 0) + 1);
    const fields = [...readers.keys()].filter((field) => !field.includes("|"));
    const probes = fields.map((field, at) => ({
      path: `${at}.yml`,
      text: stringify({
        title: field,
        id: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`,
        logsource: logSource,
        detection: { there: { [`${field}|exists`]: true }, condition: "there" },
      }),
    }));
    const loaded = loadRules(probes).rules;
    const detector = createDetector(loaded, { identifies: false });
    const seen = new Set<string>();
    for (const { document } of own)
      for (const { rule } of detector.judge({ id: "", time: 0, document, logSource }).facts) seen.add(rule.title);
    return loaded
      .filter(({ title }) => !seen.has(title))
      .map(({ title }) => ({ logSource, field: title, rules: readers.get(title) ?? 0, documents: own.length }));
  });
}

/** What makes a sender write a field. */
const CURES: readonly (readonly [RegExp, string])[] = [
  [
    /^windows\/process_creation\/ CommandLine$/,
    "Turn command lines on: gpedit.msc, Administrative Templates, System, Audit Process Creation, “Include command line in process creation events”; or install Sysmon.",
  ],
  [
    /^windows\/process_creation\/ (?:ParentCommandLine|ParentImage|OriginalFileName|Hashes|Imphash|Description|Product|Company|CurrentDirectory|IntegrityLevel)$/,
    "Windows' own event 4688 does not tell it: install Sysmon (sysmon -i), and have the sender read Microsoft-Windows-Sysmon/Operational.",
  ],
  [
    /^windows\/ps_script\/ ScriptBlockText$/,
    "Turn script block logging on: gpedit.msc, Windows Components, Windows PowerShell, “Turn on PowerShell Script Block Logging”.",
  ],
  [
    /^linux\/process_creation\/ CommandLine$/,
    "Have auditd log execve: auditctl -a always,exit -F arch=b64 -S execve, and have the sender keep the EXECVE records.",
  ],
];
const ANY_CURE =
  "Have the sender write it, or put the rules through a processing pipeline that knows its name there (rules.pipelines, docs/pipelines.md); vedette rules explain RULE --event FILE shows where a field is looked for.";

/** Categories that Windows tells of by Sysmon (or an endpoint agent) alone. */
const SYSMON = new Set([
  "process_access",
  "image_load",
  "create_remote_thread",
  "driver_load",
  "raw_access_thread",
  "pipe_created",
  "dns_query",
  "network_connection",
  "file_event",
  "file_delete",
  "file_change",
  "registry_event",
  "registry_set",
  "registry_add",
  "registry_delete",
  "create_stream_hash",
  "process_tampering",
  "sysmon_status",
  "sysmon_error",
  "wmi_event",
]);

/** Says which fields rules need and never get. */
export function checkRuleFields(rules: readonly Rule[], indices: readonly SampledIndex[], remarks: Remark[]): void {
  const samples = indices.flatMap((index) => index.samples);
  const absent = absentFields(rules, samples);
  for (const [, fields] of Map.groupBy(absent, ({ logSource }) => logSourceText(logSource))) {
    const worst = fields.toSorted((a, b) => b.rules - a.rules || (a.field < b.field ? -1 : 1));
    const [first] = worst;
    if (first === undefined) continue;
    const of = logSourceText(first.logSource);
    const cures = new Set(
      worst.slice(0, NAMED).map(({ field }) => CURES.find(([is]) => is.test(`${of} ${field}`))?.[1] ?? ANY_CURE),
    );
    const named = worst.slice(0, NAMED).map((one) => `${one.field} (${counted(one.rules, "rule")})`);
    const more = worst.length > NAMED ? ` and ${worst.length - NAMED} more` : "";
    remarks.push({
      rank: 2,
      what: `${of}: none of ${first.documents} sampled documents has ${named.join(", ")}${more}.`,
      do: [...cures].join(" "),
    });
  }
  checkSysmon(rules, samples, remarks);
}

function checkSysmon(rules: readonly Rule[], samples: readonly SampledDocument[], remarks: Remark[]): void {
  const told = samples.flatMap(({ logSources }) => logSources);
  if (!told.some(({ product }) => product === "windows")) return;
  const without = rules.filter(
    ({ logSource: { product, category } }) =>
      product === "windows" &&
      category !== undefined &&
      SYSMON.has(category) &&
      !told.some((source) => source.product === "windows" && source.category === category),
  );
  if (without.length === 0) return;
  const categories = [...new Set(without.map(({ logSource }) => logSource.category ?? ""))].sort();
  const named = categories.slice(0, 6).join(", ") + (categories.length > 6 ? " …" : "");
  remarks.push({
    rank: 3,
    what: `No sampled document is of ${named}: ${counted(without.length, "rule")} for Windows wait for events that Sysmon or an endpoint agent tells.`,
    do: "Install Sysmon (sysmon -i CONFIG), and have the sender read Microsoft-Windows-Sysmon/Operational.",
  });
}

/** Says which fields that rules read are kept as words only, so that queries over what is stored are wider than the rules. */
export async function checkTextFields(
  { client }: Pick<Cluster, "client">,
  rules: readonly Rule[],
  indices: readonly SampledIndex[],
  remarks: Remark[],
): Promise<void> {
  const fieldsByIndices = new Map<
    string,
    { readonly indices: string[]; readonly fields: readonly (readonly [string, number])[] }
  >();
  for (const { report, samples } of indices) {
    if (samples.length === 0) continue;
    const [group] = await readIndexGroups(client, report.index);
    if (group === undefined) continue;
    const readers = new Map<string, Set<string>>();
    for (const { logSource, rules: of, samples: own } of byLogSource(rules, samples))
      for (const mapping of new Set(own.flatMap((one) => one.mapping ?? [])))
        for (const { id, condition } of of)
          for (const field of condition === undefined ? [] : neededFields(condition))
            for (const path of mapping.paths(field, logSource)) {
              const name = path.join(".");
              const kept = group.fields.fields.get(name);
              if (kept?.kind !== "text" || kept.whole !== undefined) continue;
              const known = readers.get(name);
              if (known === undefined) readers.set(name, new Set([id]));
              else known.add(id);
            }
    if (readers.size === 0) continue;
    const fields = [...readers]
      .map(([name, ids]) => [name, ids.size] as const)
      .toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const key = JSON.stringify(fields);
    const same = fieldsByIndices.get(key);
    if (same === undefined) fieldsByIndices.set(key, { indices: [report.index], fields });
    else same.indices.push(report.index);
  }
  for (const { indices: names, fields } of fieldsByIndices.values()) {
    const named = fields.slice(0, NAMED).map(([name, ids]) => `${name} (${counted(ids, "rule")})`);
    const more = fields.length > NAMED ? ` and ${fields.length - NAMED} more` : "";
    remarks.push({
      rank: 3,
      what: `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more indices` : ""}: text fields without a keyword are read by rules: ${named.join(", ")}${more}. Live detection does not mind; vedette hunt has to read more documents than match.`,
      do: `In the index template, map them as keyword (or wildcard), or give them a sub-field: "${fields[0]?.[0] ?? ""}": {"type":"text","fields":{"keyword":{"type":"keyword"}}}.`,
    });
  }
}
