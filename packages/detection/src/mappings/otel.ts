import { ATTR } from "@vedette/semconv";
import type { Entity, EntityKind, JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { property } from "../match/field-slot.ts";
import { toMilliseconds } from "./document-time.ts";
import { digText, dottedName, dottedPaths, isObject } from "./dotted-name.ts";
import { ecsPlaces } from "./ecs-service-fields.ts";
import { createLogSourceCache } from "./log-source-cache.ts";
import { isStep } from "./path-step.ts";
import { ownMember } from "./own-member.ts";
import { FURTHER_NAMES, personPlaces, USER_NAMES } from "./person-names.ts";

/** Where entities are named; of one kind the first attribute that has a value counts, and its further names. */
const ENTITIES: readonly (readonly [EntityKind, readonly string[]])[] = [
  ["address", [ATTR.clientAddress, ATTR.networkPeerAddress, "source.ip", "source.address"]],
  ["user", USER_NAMES],
  ["session", [ATTR.sessionId]],
  ["api_key", [ATTR.apiKeyHash]],
  ["agent", [ATTR.genAiAgentName]],
  ["host", [ATTR.hostName]],
  ["service", [ATTR.serviceName]],
];

/** Products of Sigma's application rules whose name differs from `telemetry.sdk.language`. */
export const PRODUCTS: Readonly<Record<string, string>> = { java: "jvm", webjs: "javascript" };

/** OTel log documents, in the shape that the Collector's OTel mode writes to Elasticsearch. */
export const otelMapping: FieldMapping = {
  name: "otel",
  commonFields: ["event_name", "event.name", "severity_text", ATTR.eventOutcome, ATTR.serviceName],
  keywordRoots: [["body"], ["attributes"]],
  accepts: (document) =>
    isObject(document.attributes) &&
    (isObject(document.resource) ||
      document.event_name !== undefined ||
      document.body !== undefined ||
      document.severity_number !== undefined),
  logSources,
  paths,
  time: (document) => toMilliseconds(document["@timestamp"]) ?? toMilliseconds(document.observed_timestamp),
  entities: (document) => {
    const entities: Entity[] = [];
    const attributes = asObject(document.attributes);
    const resource = asObject(asObject(document.resource)?.attributes);
    for (const [kind, names] of ENTITIES) {
      for (const name of names) {
        const value = (attributes && property(attributes, name)) ?? (resource && property(resource, name));
        if ((typeof value !== "string" && typeof value !== "number") || value === "") continue;
        entities.push({ kind, value: String(value) });
        for (const further of FURTHER_NAMES.get(name) ?? []) {
          const other = attributes && property(attributes, further);
          if (typeof other === "string" && other !== "" && other !== value) entities.push({ kind, value: other });
        }
        break;
      }
    }
    return entities;
  },
};

const LANGUAGE = dottedName("telemetry.sdk.language");
const METHODS = ["http.request.method", "http.method"].map(dottedName);
const TARGETS = ["url.path", "url.full", "url.original", "http.target", "http.url"].map(dottedName);
const LOG_FILE = dottedName("log.file.name");
const PROGRAMS = ["appname", "syslog.appname", "process.name"].map(dottedName);

/** Services of Sigma's Linux rules by the file that a line was read from, and by the program that wrote it. */
export const LINUX_SERVICES: ReadonlyMap<string, string> = new Map([
  ["auth.log", "auth"],
  ["secure", "auth"],
  ["syslog", "syslog"],
  ["messages", "syslog"],
  ["cron.log", "cron"],
  ["sshd", "sshd"],
  ["sudo", "sudo"],
  ["cron", "cron"],
  ["crond", "cron"],
  ["vsftpd", "vsftpd"],
  ["clamd", "clamav"],
]);

const sourcesOf = createLogSourceCache();

function logSources(document: JsonObject): readonly LogSource[] {
  const name = eventName(document);
  if (name?.startsWith("vedette.") === true)
    return sourcesOf(name, () => [
      { product: "vedette", service: name.slice("vedette.".length).toLowerCase(), category: "application" },
    ]);
  const attributes = asObject(document.attributes) ?? {};
  const language = digText(asObject(document.resource)?.attributes, LANGUAGE);
  const isRequest = first(attributes, METHODS) !== "" && first(attributes, TARGETS) !== "";
  const file = LINUX_SERVICES.get(digText(attributes, LOG_FILE));
  const program = LINUX_SERVICES.get(first(attributes, PROGRAMS));
  return sourcesOf(`${isRequest ? "w" : ""}\0${file ?? ""}\0${program ?? ""}\0${language}`, () => {
    const product = language.toLowerCase();
    const sources: LogSource[] = [];
    if (product !== "")
      sources.push({
        product: ownMember(PRODUCTS, product) ?? product,
        category: "application",
      });
    if (isRequest) sources.push({ category: "webserver" });
    for (const service of new Set([file, program]))
      if (service !== undefined) sources.push({ product: "linux", service });
    return sources;
  });
}

const first = (object: JsonObject, names: readonly ReturnType<typeof dottedName>[]): string => {
  for (const name of names) {
    const text = digText(object, name);
    if (text !== "") return text;
  }
  return "";
};

/** What semantic conventions before HTTP became stable called things, by what ECS and they call them now. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  "http.request.method": "http.method",
  "http.response.status_code": "http.status_code",
  "url.full": "http.url",
  "url.original": "http.target",
  "user_agent.original": "http.user_agent",
  "client.address": "http.client_ip",
  "url.domain": "server.address",
  "process.executable": "process.executable.path",
};

const RESOURCE = ["resource", "attributes"] as const;

function paths(field: string, logSource: LogSource): readonly FieldPath[] {
  const person = personPlaces(field);
  if (person !== undefined) return person.flatMap((name) => everywhere(dottedPaths(name)));
  const own = everywhere(dottedPaths(field));
  if (logSource.category === undefined || logSource.product === "vedette") return own;
  return [
    ...own,
    ...ecsPlaces(field, logSource).flatMap((place) => {
      if (typeof place !== "string") return isStep(place[0] ?? "") ? [["attributes", ...place]] : everywhere([place]);
      const old = ownMember(OLD_NAMES, place);
      return [...everywhere(dottedPaths(place)), ...(old === undefined ? [] : everywhere(dottedPaths(old)))];
    }),
  ];
}

/** Places in the attributes, in the resource's attributes and at the top, the flat ones of each before the nested ones. */
function everywhere(places: readonly FieldPath[]): readonly FieldPath[] {
  const [flat = [], ...nested] = places;
  return [
    ["attributes", ...flat],
    [...RESOURCE, ...flat],
    flat,
    ...nested,
    ...nested.map((path) => ["attributes", ...path]),
    ...nested.map((path) => [...RESOURCE, ...path]),
  ];
}

function eventName(document: JsonObject): string | undefined {
  const own = document.event_name;
  if (typeof own === "string" && own !== "") return own;
  const attribute = property(asObject(document.attributes) ?? {}, "event.name");
  return typeof attribute === "string" ? attribute : undefined;
}

const asObject = (value: JsonObject[string] | undefined): JsonObject | undefined =>
  isObject(value) ? value : undefined;
