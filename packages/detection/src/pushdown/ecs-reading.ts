import type { LogSource } from "../event.ts";
import { CISCO, DATASETS, LANGUAGES, PROGRAMS, PROXIES, WEB_SERVERS, zeek } from "../mappings/ecs-log-sources.ts";
import { FLAT, ROOTS } from "../mappings/ecs.ts";
import { ALWAYS, type Bounds, every, not, some } from "./bounds.ts";
import { type CandidateSources, readByConditions } from "./candidate-sources.ts";
import { type DocumentConditions, cased } from "./document-conditions.ts";
import { type ReadMapping, type SourceAlternative, equal, like } from "./reading.ts";

const accepts = (ask: DocumentConditions): Bounds =>
  some([
    ask.defined("ecs"),
    every([ask.defined("@timestamp"), some([...ROOTS.map((name) => ask.object(name)), ...FLAT.map(ask.defined)])]),
  ]);

/** Services that have places of their own; a module of that name is one to a web request. */
const PLACED_SERVICES = [
  ...new Set(Object.values(DATASETS).flatMap((sources) => sources.flatMap(({ service }) => service ?? []))),
  "exchange",
  "audit",
  "threat_management",
  "threat_detection",
  "auditd",
  "sudo",
  "security",
  "powershell",
  "powershell-classic",
];

const OPERATING_SYSTEMS = ["windows", "linux", "macos"] as const;
const LETTERS = Array.from({ length: 26 }, (_, index) => String.fromCharCode("a".charCodeAt(0) + index));

/** What ECS's documents are asked, in the order of `createEcsLogSources`: what one step decides, no later one does. */
const candidates: CandidateSources = (ask, wanted, signature) => {
  // Zeek's fields lie below the name of their log.
  const isAnyZeek = wanted.product === "zeek" && wanted.service === undefined && wanted.category === undefined;
  if (isAnyZeek) return undefined;
  const dataset = ask.telling("event.dataset", "data_stream.dataset");
  const isModule = (...names: readonly string[]): Bounds =>
    some([
      ask.telling("event.module").is(...names.map(equal)),
      every([not(ask.text("event.module")), dataset.is(...names.flatMap((name) => [equal(name), cased(`${name}.*`)]))]),
    ]);
  const found: SourceAlternative[] = [];
  const add = (source: LogSource, ...when: readonly Bounds[]): void => {
    found.push({ source, when: every(when) });
  };
  const isOwn = ask.telling("event.action").is(cased("vedette.*"));
  add(
    { product: "vedette", category: "application", service: wanted.service },
    isOwn,
    wanted.service === undefined ? ALWAYS : ask.likes("event.action", `vedette.${wanted.service}`),
  );
  const notOwn = not(isOwn);
  for (const [name, sources] of Object.entries(DATASETS))
    for (const source of sources) add(source, notOwn, dataset.is(equal(name)));
  const notNamed = every([notOwn, not(dataset.is(...Object.keys(DATASETS).map(equal)))]);

  const isOffice = every([notNamed, isModule("o365")]);
  const isAlert = ask.likes("o365.audit.Workload", "securitycompliancecenter");
  for (const service of ["threat_management", "threat_detection"]) add({ product: "m365", service }, isOffice, isAlert);
  add({ product: "m365", service: "audit" }, isOffice);
  add({ product: "m365", service: "exchange" }, isOffice, ask.likes("o365.audit.Workload", "exchange"));
  const isZeek = every([notNamed, isModule("zeek")]);
  for (const service of new Set([wanted.service, "dns", "conn"]))
    if (service !== undefined)
      for (const source of zeek(service)) add(source, isZeek, dataset.is(equal(`zeek.${service}`)));
  const isCisco = every([notNamed, isModule("cisco", "cisco_ios")]);
  const isIos = every([isCisco, dataset.is(cased("*ios*"))]);
  const facility = (...names: readonly string[]): Bounds => ask.likes("cisco.ios.facility", ...names);
  for (const service of new Set(Object.values(CISCO)))
    add(
      { product: "cisco", service },
      isIos,
      facility(...Object.keys(CISCO).filter((name) => CISCO[name] === service)),
    );
  add({ product: "cisco", service: "syslog" }, isIos, not(facility(...Object.keys(CISCO))));
  const isAsa = every([isCisco, not(dataset.is(cased("*ios*")))]);
  const notSpecial = every([notNamed, not(isModule("o365", "zeek", "cisco", "cisco_ios"))]);

  const isSystem = (...names: readonly string[]): Bounds =>
    every([notSpecial, dataset.is(...names.map((name) => equal(`system.${name}`)))]);
  add({ product: "linux", service: "syslog" }, isSystem("syslog"));
  add({ product: "linux", service: "auth" }, isSystem("auth", "security"));
  for (const service of new Set(PROGRAMS.values()))
    add(
      { product: "linux", service },
      isSystem("auth", "syslog", "security"),
      ask.likes("process.name", ...[...PROGRAMS.keys()].filter((name) => PROGRAMS.get(name) === service)),
    );
  const rest = every([
    notSpecial,
    not(dataset.is(...["auth", "syslog", "security"].map((one) => equal(`system.${one}`)))),
  ]);

  const isHost = hostCandidates(ask, rest, isModule("auditd", "auditd_manager"), add);
  const isLeft = every([rest, not(isHost)]);
  trafficCandidates({ ask, wanted, signature, isLeft, isAsa, isModule, dataset, add });
  return found;
};

type Add = (source: LogSource, ...when: readonly Bounds[]) => void;

/** What hosts report of themselves; returns which documents that are. */
function hostCandidates(ask: DocumentConditions, rest: Bounds, isAudit: Bounds, add: Add): Bounds {
  const category = (name: string): Bounds => ask.equals("event.category", name);
  const type = (name: string): Bounds => ask.equals("event.type", name);
  const action = (...names: readonly string[]): Bounds => ask.equals("event.action", ...names);
  const isMalware = ask.telling("event.category").is(cased("*malware*"));
  add({ category: "antivirus" }, rest, isMalware);
  const noMalware = every([rest, not(isMalware)]);
  add({ product: "linux", service: "auditd" }, noMalware, isAudit);

  const isLibrary = category("library");
  const isDriver = every([category("driver"), not(isLibrary)]);
  const notModule = every([not(isLibrary), not(category("driver"))]);
  const isProcess = every([category("process"), notModule]);
  const isStart = every([type("start"), not(action("fork"))]);
  const notProcess = every([notModule, not(category("process"))]);
  const isRegistry = every([category("registry"), notProcess]);
  const notRegistry = every([notProcess, not(category("registry"))]);
  const isFile = every([category("file"), notRegistry]);
  const others = every([notRegistry, not(category("file"))]);
  const isAdded = some([action("creation"), type("creation")]);
  const isDeleted = some([action("deletion"), type("deletion")]);
  const isRenamed = action("rename");
  const isMade = some([type("creation"), action("creation", "overwrite")]);
  const isNetwork = category("network");
  const isQuery = every([
    ask.telling("event.category").is(cased("*network*")),
    ask.text("dns.question.name"),
    some([ask.text("process.executable"), ask.text("process.name")]),
  ]);
  const kinds = (os: string): readonly (readonly [string, Bounds])[] => {
    const isWritten = os === "windows" ? isMade : some([isMade, type("change")]);
    const isKept = every([isFile, not(isDeleted), not(isRenamed)]);
    return [
      ["image_load", isLibrary],
      ["driver_load", isDriver],
      ["process_creation", every([isProcess, isStart])],
      ["process_termination", every([isProcess, not(isStart), type("end")])],
      ["registry_event", isRegistry],
      ["registry_add", every([isRegistry, isAdded])],
      ["registry_delete", every([isRegistry, not(isAdded), isDeleted])],
      ["registry_rename", every([isRegistry, not(isAdded), not(isDeleted), isRenamed])],
      ["registry_set", every([isRegistry, not(isAdded), not(isDeleted), not(isRenamed)])],
      ["file_delete", every([isFile, isDeleted])],
      ["file_rename", every([isFile, not(isDeleted), isRenamed])],
      ["file_event", every([isKept, isWritten])],
      ["file_access", every([isKept, not(isWritten), some([type("access"), action("open")])])],
      ["dns_query", every([others, isQuery])],
      [
        "network_connection",
        every([others, not(isQuery), isNetwork, ask.text("process.executable"), not(type("end"))]),
      ],
    ];
  };
  const isHost: Bounds[] = [isMalware, isAudit];
  for (const product of OPERATING_SYSTEMS) {
    const isOs = operatingSystem(ask, product);
    const own = every([noMalware, product === "linux" ? some([isAudit, isOs]) : every([not(isAudit), isOs])]);
    for (const [name, when] of kinds(product)) {
      add({ product, category: name }, own, when);
      isHost.push(every([isOs, when]));
    }
  }
  return some(isHost);
}

function operatingSystem(ask: DocumentConditions, product: (typeof OPERATING_SYSTEMS)[number]): Bounds {
  const told = ask.likes("host.os.type", product);
  const untold = not(ask.likes("host.os.type", ...OPERATING_SYSTEMS));
  const family = ask.telling("host.os.platform", "host.os.family");
  const isNamed = { windows: ["windows"], macos: ["darwin", "macos"], linux: [] }[product];
  if (product === "linux")
    return some([told, every([untold, family.filled, not(family.is(...["windows", "darwin", "macos"].map(like)))])]);
  const byFamily = every([untold, family.is(...isNamed.map(like))]);
  if (product === "macos") return some([told, byFamily]);
  const byPath = every([
    untold,
    not(family.filled),
    ask.likes("process.executable", ...LETTERS.map((letter) => `${letter}:\\\\*`)),
  ]);
  return some([told, byFamily, byPath]);
}

/** Web requests, queries and connections that no host reports of its own processes. */
function trafficCandidates(given: {
  readonly ask: DocumentConditions;
  readonly wanted: LogSource;
  readonly signature: (source: LogSource) => string;
  readonly isLeft: Bounds;
  readonly isAsa: Bounds;
  readonly isModule: (...names: readonly string[]) => Bounds;
  readonly dataset: ReturnType<DocumentConditions["telling"]>;
  readonly add: Add;
}): void {
  const { ask, wanted, signature, isLeft, isAsa, isModule, dataset, add } = given;
  const isWeb = some([
    ask.text("http.request.method"),
    every([ask.text("http.response.status_code"), some([ask.text("url.path"), ask.text("url.original")])]),
    isModule(...WEB_SERVERS),
  ]);
  const isProxy = some([isModule(...PROXIES), ask.likes("observer.type", "*proxy*")]);
  const isError = dataset.is(cased("*.error"));
  for (const [category, when] of [
    ["proxy", isProxy],
    ["webserver", every([not(isProxy), not(isError)])],
    [undefined, every([not(isProxy), isError])],
  ] as const) {
    const base = every([isLeft, isWeb, when]);
    if (wanted.service !== undefined) {
      add({ category, service: wanted.service }, base, isModule(wanted.service));
      continue;
    }
    const usual = signature({ category });
    const unusual = PLACED_SERVICES.filter((service) => signature({ category, service }) !== usual);
    for (const service of unusual) add({ category, service }, base, isModule(service));
    add({ category }, base, ...(unusual.length === 0 ? [] : [not(isModule(...unusual))]));
  }
  const notWeb = every([isLeft, not(isWeb)]);
  const isQuery = ask.text("dns.question.name");
  add({ category: "dns" }, notWeb, isQuery);
  add({ category: "network", service: "dns" }, notWeb, isQuery);
  const isConnection = some([ask.text("destination.ip"), ask.likes("observer.type", "firewall")]);
  const isFirewall = some([isAsa, every([notWeb, not(isQuery), isConnection])]);
  add({ category: "firewall" }, isFirewall);
  add({ category: "network", service: "connection" }, isFirewall);
  const isPlain = every([notWeb, not(isQuery), not(isConnection)]);
  for (const product of new Set(Object.values(LANGUAGES)))
    add(
      { product, category: "application" },
      isPlain,
      ask.likes("service.language.name", ...Object.keys(LANGUAGES).filter((name) => LANGUAGES[name] === product)),
    );
}

/** Documents in ECS. */
export const readEcs: ReadMapping = readByConditions(accepts, candidates);
