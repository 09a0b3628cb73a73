import type { estypes } from "@elastic/elasticsearch";
import type { Capabilities } from "../../../elasticsearch/cluster.ts";
import { DEAD_LETTER_MAPPINGS } from "../../../elasticsearch/dead-letter.ts";
import { type AliasedKind, ALIASED_KINDS, aliasOf, type DatedKind, DATED_KINDS, patternOf } from "../names.ts";
import type { Retention } from "../retention.ts";
import { hasPolicy, policiesOf } from "./lifecycle.ts";
import { metaOf, TEMPLATE_VERSION } from "./marks.ts";

type Properties = Record<string, estypes.MappingProperty>;

/** An index template as it is sent to the cluster. */
export interface TemplateDefinition {
  readonly name: string;
  readonly body: {
    readonly index_patterns: string[];
    readonly priority: number;
    readonly version: number;
    readonly allow_auto_create: boolean;
    readonly _meta: estypes.Metadata;
    readonly template?: {
      readonly settings: estypes.IndicesIndexSettings;
      readonly mappings: estypes.MappingTypeMapping;
    };
  };
}

const keyword = { type: "keyword", ignore_above: 4_096 } as const;
const date = { type: "date" } as const;
const long = { type: "long" } as const;
const double = { type: "double" } as const;
const boolean = { type: "boolean" } as const;
const text = { type: "text" } as const;
/** Kept as it is, and not indexed. */
const opaque = { type: "object", enabled: false } as const;
const unindexed = { type: "keyword", index: false, doc_values: false } as const;

const threat: estypes.MappingProperty = {
  properties: {
    framework: keyword,
    technique: { properties: { id: keyword, subtechnique: { properties: { id: keyword } } } },
    tactic: { properties: { name: keyword } },
  },
};
const rule: estypes.MappingProperty = { properties: { id: keyword, name: keyword, version: keyword } };
const ecsEntities: Properties = {
  source: { properties: { address: keyword, ip: { type: "ip", ignore_malformed: true } } },
  user: { properties: { name: keyword } },
  host: { properties: { name: keyword } },
  service: { properties: { name: keyword } },
  related: { properties: { ip: { type: "ip", ignore_malformed: true }, user: keyword, hosts: keyword } },
};
const vedette = (properties: Properties): estypes.MappingProperty => ({
  properties: { line: keyword, ...properties, body: opaque },
});

/** Fields of the records that were received: the shape that the Collector's OTel mode writes. */
const eventProperties = ({ fieldTypes }: Pick<Capabilities, "fieldTypes">): Properties => {
  const open: estypes.MappingProperty = fieldTypes.has("flattened")
    ? { type: "flattened", ignore_above: 1_024 }
    : opaque;
  const message: estypes.MappingProperty = fieldTypes.has("match_only_text") ? { type: "match_only_text" } : text;
  return {
    "@timestamp": { type: "date_nanos", ignore_malformed: true },
    observed_timestamp: { type: "date_nanos", ignore_malformed: true },
    event_name: keyword,
    severity_text: keyword,
    severity_number: { type: "long", ignore_malformed: true },
    trace_id: keyword,
    span_id: keyword,
    data_stream: { properties: { type: keyword, dataset: keyword, namespace: keyword } },
    body: { dynamic: false, properties: { text: message, structured: open } },
    attributes: open,
    resource: { dynamic: false, properties: { attributes: open, schema_url: keyword } },
    scope: { dynamic: false, properties: { name: keyword, version: keyword, attributes: open } },
    vedette: {
      dynamic: false,
      properties: {
        record: {
          dynamic: false,
          properties: { id: keyword, source: keyword, partition: keyword, time: double, received: double },
        },
      },
    },
  };
};

const aliasedProperties: Readonly<Record<AliasedKind, Properties>> = {
  alerts: {
    "@timestamp": date,
    ecs: { properties: { version: keyword } },
    message: text,
    event: {
      properties: {
        kind: keyword,
        id: keyword,
        created: date,
        start: date,
        end: date,
        severity: long,
        risk_score: { type: "float" },
      },
    },
    rule,
    threat,
    ...ecsEntities,
    vedette: vedette({
      id: keyword,
      tenant: keyword,
      kind: keyword,
      severity: keyword,
      status: keyword,
      close_reason: keyword,
      assignee: keyword,
      incident_id: keyword,
      merged: boolean,
      revision: long,
      opened_at: double,
      first_seen: double,
      last_seen: double,
      finding_count: long,
      event_count: long,
      entities: keyword,
    }),
  },
  incidents: {
    "@timestamp": date,
    message: text,
    event: { properties: { start: date, end: date, created: date } },
    threat,
    ...ecsEntities,
    vedette: vedette({
      id: keyword,
      tenant: keyword,
      severity: keyword,
      status: keyword,
      merged: boolean,
      revision: long,
      opened_at: double,
      last_seen: double,
      alert_ids: keyword,
      entities: keyword,
    }),
  },
  episodes: {
    "@timestamp": date,
    vedette: vedette({ id: keyword, rule_id: keyword, revision: long, merged: boolean }),
  },
  "alert-members": { vedette: vedette({ alert_id: keyword, finding_id: keyword, from: double }) },
  "deny-list": {
    "@timestamp": date,
    vedette: vedette({
      id: keyword,
      revision: long,
      state: keyword,
      active: boolean,
      created_at: double,
      ended_at: double,
      alert_id: keyword,
      incident_id: keyword,
    }),
  },
  outbox: {
    "@timestamp": date,
    vedette: vedette({ order: long, action: keyword, state: keyword, subject: keyword, not_before: double }),
  },
  state: {
    "@timestamp": date,
    line: keyword,
    kind: keyword,
    step: long,
    applied: long,
    removed: boolean,
    body: opaque,
  },
  journal: {
    "@timestamp": date,
    line: keyword,
    n: long,
    step: unindexed,
    owner: keyword,
    hash: unindexed,
    parts: long,
    json: unindexed,
    gzip: { type: "binary" },
  },
  steps: { line: keyword, n: long, body: opaque },
  idempotency: { "@timestamp": date, line: keyword, order: long, body: opaque },
};

const datedProperties: Readonly<Record<Exclude<DatedKind, "events">, Properties>> = {
  "dead-letter": DEAD_LETTER_MAPPINGS.properties,
  findings: {
    "@timestamp": date,
    event: { properties: { kind: keyword, id: keyword } },
    rule,
    vedette: {
      properties: {
        finding: {
          properties: {
            id: keyword,
            kind: keyword,
            revision: long,
            level: keyword,
            alerts: boolean,
            shadow: boolean,
            content_hash: keyword,
            source: keyword,
            received: double,
            position: { properties: { index: keyword, id: keyword } },
            body: opaque,
          },
        },
      },
    },
  },
  history: { "@timestamp": date, vedette: vedette({ order: long, subject: keyword }) },
  audit: {
    "@timestamp": date,
    event: { properties: { kind: keyword, action: keyword } },
    vedette: vedette({ sequence: long, actor: keyword, subject: keyword }),
  },
  refused: { "@timestamp": date, vedette: vedette({ sequence: long, source: keyword, reason: keyword }) },
};

/** What a user can choose of the templates. */
export interface TemplateChoices {
  /** Replicas of each index; by default one as soon as there is a second node for it. */
  readonly replicas?: number | undefined;
  /** How long things are kept; where the cluster has index lifecycle management, it deletes the months that are over. */
  readonly retention?: Retention | undefined;
}

const settings = (
  { replicas }: Pick<TemplateChoices, "replicas">,
  more: estypes.IndicesIndexSettings,
): estypes.IndicesIndexSettings => ({
  number_of_shards: "1",
  ...(replicas === undefined ? { auto_expand_replicas: "0-1" } : { number_of_replicas: String(replicas) }),
  codec: "best_compression",
  ...more,
});

const isAliased = (kind: AliasedKind | DatedKind): kind is AliasedKind =>
  (ALIASED_KINDS as readonly string[]).includes(kind);

/** Mapping of a kind of documents on a cluster. */
export function mappingOf(
  kind: AliasedKind | DatedKind,
  capabilities: Pick<Capabilities, "fieldTypes">,
): estypes.MappingTypeMapping {
  const properties =
    kind === "events"
      ? eventProperties(capabilities)
      : isAliased(kind)
        ? aliasedProperties[kind]
        : datedProperties[kind];
  // What a later version adds is kept in `_source` by an earlier one, and never makes a field by itself.
  return { dynamic: false, _meta: metaOf(kind), properties };
}

/** Ends of the names of indices that are none by month. */
const WITHOUT_MONTH = ["before", "after", "undated"];

/** All index templates for a prefix, as this cluster takes them. */
export function templatesOf(
  prefix: string,
  capabilities: Pick<Capabilities, "fieldTypes" | "indexLifecycle">,
  choices: TemplateChoices = {},
): TemplateDefinition[] {
  const isManaged = policiesOf(prefix, capabilities, choices.retention).length > 0;
  const guard: TemplateDefinition = {
    name: `${prefix}-guard`,
    body: {
      // Where an index of ours was removed by mistake, a write fails instead of making one with a mapping that is guessed.
      index_patterns: ALIASED_KINDS.map((kind) => aliasOf(prefix, kind)),
      priority: 510,
      version: TEMPLATE_VERSION,
      allow_auto_create: false,
      _meta: metaOf("guard"),
    },
  };
  const templates = [...ALIASED_KINDS, ...DATED_KINDS].map((kind): TemplateDefinition => ({
    name: aliasTemplate(prefix, kind),
    body: {
      index_patterns: [patternOf(prefix, kind)],
      priority: 500,
      version: TEMPLATE_VERSION,
      allow_auto_create: !isAliased(kind),
      _meta: metaOf(kind),
      template: {
        settings: settings(choices, {
          ...(kind === "findings" || kind === "events" ? { refresh_interval: "1s" } : {}),
          ...(isManaged && hasPolicy(kind) ? { lifecycle: { name: aliasTemplate(prefix, kind) } } : {}),
        }),
        mappings: mappingOf(kind, capabilities),
      },
    },
  }));
  // What is in an index without a month is deleted by when it was received: as a whole, it would go with all that came since.
  const exempt = templates.flatMap(({ name, body }): TemplateDefinition[] => {
    const { lifecycle, ...kept } = body.template?.settings ?? {};
    if (lifecycle === undefined || body.template === undefined) return [];
    const index_patterns = WITHOUT_MONTH.map((one) => `${name}-${one}`);
    const template = { ...body.template, settings: kept };
    return [{ name: `${name}-undated`, body: { ...body, index_patterns, priority: 505, template } }];
  });
  return [guard, ...templates, ...exempt];
}

/** Name of the template of a kind. */
export const aliasTemplate = (prefix: string, kind: AliasedKind | DatedKind): string => `${prefix}-${kind}`;
