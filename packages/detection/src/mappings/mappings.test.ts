import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue, LogSource } from "../event.ts";
import { readValue } from "../match/field-slot.ts";
import { DEFAULT_MAPPINGS } from "./default-mappings.ts";
import { toMilliseconds } from "./document-time.ts";
import { createWindowsLogSources, windowsLogSources } from "./windows-log-sources.ts";

const mappingOf = (document: JsonObject) => DEFAULT_MAPPINGS.find((mapping) => mapping.accepts(document));
const sourcesOf = (document: JsonObject): readonly string[] =>
  (mappingOf(document)?.logSources(document) ?? []).map(
    ({ product, category, service }) => `${product ?? ""}/${category ?? ""}/${service ?? ""}`,
  );

const sysmon = (EventID: JsonValue, more: JsonObject = {}): JsonObject => ({
  EventID,
  Channel: "Microsoft-Windows-Sysmon/Operational",
  ...more,
});

describe("a Windows event belongs to", () => {
  test.each<[string, JsonObject, readonly string[]]>([
    ["Sysmon 1", sysmon(1), ["windows/process_creation/sysmon"]],
    ["Sysmon 1 as text", sysmon("1"), ["windows/process_creation/sysmon"]],
    ["Sysmon 11", sysmon(11), ["windows/file_event/sysmon"]],
    ["a registry value", sysmon(13), ["windows/registry_event/sysmon", "windows/registry_set/sysmon"]],
    [
      "a key made",
      sysmon(12, { EventType: "CreateKey" }),
      ["windows/registry_event/sysmon", "windows/registry_add/sysmon"],
    ],
    [
      "a key deleted",
      sysmon(12, { EventType: "DeleteKey" }),
      ["windows/registry_event/sysmon", "windows/registry_delete/sysmon"],
    ],
    ["a deletion", sysmon(26), ["windows/file_delete/sysmon", "windows/file_delete_detected/sysmon"]],
    ["Sysmon of no category", sysmon(9_999), ["windows//sysmon"]],
    ["an id like a property", sysmon("constructor"), ["windows//sysmon"]],
    ["a logon", { EventID: 4624, Channel: "security" }, ["windows//security"]],
    ["4688", { EventID: 4688, Channel: "Security" }, ["windows//security", "windows/process_creation/security"]],
    [
      "a script block",
      { EventID: 4104, Channel: "PowerShellCore/Operational" },
      ["windows//powershell", "windows/ps_script/powershell"],
    ],
    [
      "classic PowerShell",
      { EventID: 800, Channel: "Windows PowerShell" },
      ["windows//powershell-classic", "windows/ps_classic_script/powershell-classic"],
    ],
    ["a channel without a service", { EventID: 1, Channel: "Microsoft-Windows-Anything/Operational" }, ["windows//"]],
    [
      "a traced file",
      { EventID: 12, Provider_Name: "Microsoft-Windows-Kernel-File" },
      ["windows//", "windows/file_access/"],
    ],
    ["Sysmon for Linux", { EventID: 1, Channel: "Linux-Sysmon/Operational" }, ["linux/process_creation/sysmon"]],
    [
      "EVTX",
      { Event: { System: { EventID: { "#text": 4688 }, Channel: "Security" }, EventData: {} } },
      ["windows//security", "windows/process_creation/security"],
    ],
  ])("%s", (_name, document, expected) => {
    expect(sourcesOf(document)).toEqual(expected);
  });

  test("fields of 4688 have the names of process_creation, for rules of that category alone", () => {
    const mapping = mappingOf({ EventID: 4688, Channel: "Security" });
    const asCategory = { product: "windows", category: "process_creation", service: "security" };
    expect(mapping?.paths("Image", asCategory)).toEqual([["NewProcessName"]]);
    expect(mapping?.paths("ProcessId", asCategory)).toEqual([["NewProcessId"]]);
    expect(mapping?.paths("Image", { product: "windows", service: "security" })).toEqual([["Image"]]);
  });

  test("time and entities are read", () => {
    const document = sysmon(3, {
      UtcTime: "2026-01-01 00:00:01.500",
      User: "CORP\\eve",
      Computer: "ws1",
      SourceIp: "192.0.2.1",
      IpAddress: "-",
    });
    expect(mappingOf(document)?.time(document)).toBe(Date.UTC(2026, 0, 1, 0, 0, 1, 500));
    expect(mappingOf(document)?.entities(document)).toEqual([
      { kind: "address", value: "192.0.2.1" },
      { kind: "user", value: "CORP\\eve" },
      { kind: "host", value: "ws1" },
    ]);
  });
});

describe("an OTel document belongs to", () => {
  const otel = (more: JsonObject, resource: JsonObject = {}): JsonObject => ({
    attributes: {},
    resource: { attributes: resource },
    ...more,
  });
  test.each<[string, JsonObject, readonly string[]]>([
    [
      "an event of the instrumentation",
      otel({ event_name: "vedette.request.suspicious" }),
      ["vedette/application/request.suspicious"],
    ],
    [
      "the name as an attribute",
      otel({ attributes: { "event.name": "vedette.session" } }),
      ["vedette/application/session"],
    ],
    ["a Node log", otel({ body: { text: "x" } }, { "telemetry.sdk.language": "nodejs" }), ["nodejs/application/"]],
    ["a Java log", otel({}, { "telemetry.sdk.language": "java" }), ["jvm/application/"]],
    ["a log of unknown origin", otel({ body: { text: "x" } }), []],
  ])("%s", (_name, document, expected) => {
    expect(mappingOf(document)?.name).toBe("otel");
    expect(sourcesOf(document)).toEqual(expected);
  });

  test("time and entities are read, one of each kind", () => {
    const document = otel(
      {
        "@timestamp": "1795234315316.123456",
        attributes: {
          "client.address": "192.0.2.1",
          "network.peer.address": "10.0.0.1",
          "user.id": "u1",
          "session.id": "",
        },
      },
      { "service.name": "shop", "host.name": "h1" },
    );
    expect(mappingOf(document)?.time(document)).toBe(1_795_234_315_316);
    expect(mappingOf(document)?.entities(document)).toEqual([
      { kind: "address", value: "192.0.2.1" },
      { kind: "user", value: "u1" },
      { kind: "host", value: "h1" },
      { kind: "service", value: "shop" },
    ]);
  });

  const entitiesOf = (attributes: JsonObject): readonly string[] => {
    const document = otel({ attributes });
    return (mappingOf(document)?.entities(document) ?? []).map(({ kind, value }) => `${kind} ${value}`);
  };

  test.each<[string, JsonObject, readonly string[]]>([
    ["hashed", { "user.hash": "h7" }, ["user h7"]],
    ["in clear beside the hash", { "user.hash": "h7", "user.id": "7", "user.name": "ada" }, ["user ada"]],
    [
      "a failed log-in, which knows the name only",
      { "user.hash": "hada", "vedette.auth.account.hash": "hada" },
      ["user hada"],
    ],
    [
      "a log-in, which joins the name to the id",
      { "user.hash": "h7", "vedette.auth.account.hash": "hada" },
      ["user h7", "user hada"],
    ],
    [
      "while keys are changed",
      {
        "user.hash": "old7",
        "vedette.user.hash.next": "new7",
        "session.id": "olds",
        "vedette.session.id.next": "news",
        "vedette.api_key.hash": "k",
      },
      ["user old7", "user new7", "session olds", "session news", "api_key k"],
    ],
  ])("people are entities, %s", (_name, attributes, expected) => {
    expect(entitiesOf(attributes)).toEqual(expected);
    const ecs = { ...attributes, "ecs.version": "8.0", "@timestamp": 1 };
    expect(
      mappingOf(ecs)
        ?.entities(ecs)
        .map(({ kind, value }) => `${kind} ${value}`),
    ).toEqual(expected);
  });

  test.each<[string, JsonObject, string]>([
    ["user.hash", { "user.hash": "h7", "user.name": "ada" }, "h7"],
    ["user.hash", { "user.name": "ada" }, "ada"],
    ["vedette.auth.account.hash", { "vedette.auth.account.hash": "hada", "user.name": "ada" }, "hada"],
    ["vedette.auth.account.hash", { "user.hash": "h7" }, "h7"],
    ["vedette.auth.account.hash", { "user.id": "7", "user.name": "ada" }, "ada"],
  ])("%s is read from %j", (field, attributes, expected) => {
    const nested: Record<string, JsonObject> = {};
    for (const [name, value] of Object.entries(attributes)) {
      const dot = name.indexOf(".");
      nested[name.slice(0, dot)] = { ...nested[name.slice(0, dot)], [name.slice(dot + 1)]: value };
    }
    for (const document of [
      otel({ attributes }),
      { ...attributes, "ecs.version": "8.0", "@timestamp": 1 },
      { ...nested, ecs: { version: "8.0" } },
    ]) {
      const source = { product: "vedette", category: "application", service: "authentication" };
      expect(readValue(document, mappingOf(document)?.paths(field, source) ?? [])).toBe(expected);
    }
  });
});

test.each<[JsonObject]>([
  [{}],
  [{ a: 1 }],
  [{ EventID: 1 }],
  [{ attributes: "x" }],
  [{ Event: { System: null } }],
  [{ attributes: null, resource: null }],
])("no mapping of a shape accepts %j, so that it is any JSON", (document) => {
  expect(mappingOf(document)?.name).toBe("json");
});

test.each<[JsonValue | undefined, number | undefined]>([
  ["2026-01-01T00:00:00Z", 1_767_225_600_000],
  ["2026-01-01T01:00:00+01:00", 1_767_225_600_000],
  ["2026-01-01T01:00:00+0100", 1_767_225_600_000],
  ["2026-01-01 00:00:00.123456789", 1_767_225_600_123],
  ["2026-01-01T00:00", 1_767_225_600_000],
  [1_767_225_600, 1_767_225_600_000],
  [1_767_225_600_000, 1_767_225_600_000],
  ["1767225600000000000", 1_767_225_600_000],
  ["1767225600000.5", 1_767_225_600_000],
  ["2026-13-01T00:00:00Z", undefined],
  ["yesterday", undefined],
  [-1, undefined],
  [null, undefined],
  [undefined, undefined],
  [{}, undefined],
])("the time %j is %s", (value, expected) => {
  expect(toMilliseconds(value)).toBe(expected);
});

test("a Windows identity always gives the same list of log sources, whatever was seen before", () => {
  const logSources = createWindowsLogSources();
  const sysmon = "Microsoft-Windows-Sysmon/Operational";
  for (let index = 0; index < 10_000; index++) logSources("Security", `provider ${index}`, index, () => "");
  const of = (id: string | number, type = ""): readonly LogSource[] => logSources(sysmon, "", id, () => type);
  for (const [id, type] of [
    ["12", "CreateKey"],
    [12, "DeleteKey"],
    [12, ""],
    ["12 create", ""],
    [1, ""],
    ["1", ""],
  ] as const) {
    expect(of(id, type)).toEqual(
      windowsLogSources({ channel: sysmon, provider: "", eventId: String(id), eventType: type }),
    );
    expect(of(id, type)).toBe(of(id, type));
  }
  expect(of(12, "CreateKey")).not.toEqual(of(12, "DeleteKey"));
});
