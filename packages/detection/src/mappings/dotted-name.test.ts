import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import { readValue } from "../match/field-slot.ts";
import { DEFAULT_MAPPINGS } from "./default-mappings.ts";
import { dig, digText, digTexts, dottedName, dottedPaths } from "./dotted-name.ts";
import { isStep, step, takeStep } from "./path-step.ts";

/** A document that holds a value under a name cut at some of its dots. */
function cutAt(parts: readonly string[], cuts: number): JsonObject {
  const keys = [parts[0] ?? ""];
  for (const [index, part] of parts.slice(1).entries())
    if ((cuts & (1 << index)) === 0) keys[keys.length - 1] += `.${part}`;
    else keys.push(part);
  return keys.reduceRight<JsonObject>(
    (inner, key, index) => ({ [key]: index === keys.length - 1 ? "here" : inner }),
    {},
  );
}

describe("a dotted name", () => {
  const parts = fc.array(fc.constantFrom("a", "b", "cc", "d1"), { minLength: 1, maxLength: 4 });
  test("is found however a document nests or flattens it", () => {
    fc.assert(
      fc.property(parts, fc.nat(7), (names, cuts) => {
        const document = cutAt(names, cuts % 2 ** (names.length - 1));
        const name = names.join(".");
        expect(readValue(document, dottedPaths(name))).toBe("here");
        expect(dig(document, dottedName(name))).toBe("here");
      }),
    );
  });
  test.each([
    ["a", 1],
    ["a.b", 2],
    ["a.b.c", 4],
    ["a.b.c.d", 8],
    ["a.b.c.d.e", 10],
    [Array.from({ length: 16 }, () => "x").join("."), 43],
    [Array.from({ length: 17 }, () => "x").join("."), 2],
    [Array.from({ length: 10_000 }, () => "x").join("."), 2],
    ["a..b", 2],
  ])("of many parts has a bounded number of places (%#)", (name, count) => {
    const places = dottedPaths(name);
    expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(places.length);
    expect(places).toHaveLength(count);
    expect(places[0]).toEqual([name]);
  });
  test("of five parts is found flat, nested, and cut once", () => {
    for (const document of [
      { "a.b.c.d.e": "here" },
      { a: { b: { c: { d: { e: "here" } } } } },
      { "a.b": { "c.d.e": "here" } },
      { a: { b: { "c.d.e": "here" } } },
      { "a.b.c": { d: { e: "here" } } },
    ])
      expect(readValue(document, dottedPaths("a.b.c.d.e"))).toBe("here");
  });
  test.each<[JsonObject, string, readonly string[]]>([
    [{ a: { b: ["x", "y", 1] } }, "x", ["x", "y"]],
    [{ "a.b": "x" }, "x", ["x"]],
    [{ a: [{ b: "x" }] }, "", []],
    [{ a: { b: 7 } }, "7", []],
    [{ a: null }, "", []],
    [{}, "", []],
  ])("in %j is the text %j", (document, text, texts) => {
    expect(digText(document, dottedName("a.b"))).toBe(text);
    expect(digTexts(document, dottedName("a.b"))).toEqual(texts);
  });
});

describe("a step", () => {
  test("is no key of a real document, and an unknown one gives nothing", () => {
    expect(isStep(step("joined"))).toBe(true);
    expect(["a", "", "a\0"].map(isStep)).toEqual([false, false, false]);
    expect(["\0constructor x", "\0joined", "\0 "].map((key) => takeStep(["a"], key))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  test("gives nothing for a structure that is nested too deep to be written", () => {
    let deep: JsonObject = {};
    for (let level = 0; level < 100_000; level++) deep = { a: deep };
    expect(takeStep(deep, step("text"))).toBeUndefined();
    expect(takeStep({ a: [1] }, step("text"))).toBe('{"a":[1]}');
  });
  test("never fails on any value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, argument) => {
        for (const name of [
          "named",
          "element",
          "joined",
          "text",
          "translated",
          "recordTypes",
          "coalescedTypes",
          "recordMember",
          "execveArguments",
          "numberedArguments",
          "numberedData",
          "urlStem",
          "urlTarget",
          "auditTypes",
          "hash",
          "sysmonHashes",
          "windowsAccount",
          "sysmonRegistryData",
          "sysmonRegistryChange",
          "powershellContext",
          "invocationLines",
        ] as const)
          takeStep(value as never, step(name, argument));
      }),
    );
  });
});

describe("hostile documents", () => {
  test.each([
    ["{}"],
    ['{"__proto__":{"winlog":{"channel":"Security"}}}'],
    ['{"constructor":1,"EventID":"constructor","Channel":"Security"}'],
    ['{"EventID":"__proto__","Channel":"constructor","Provider_Name":"Microsoft-Windows-Kernel-File"}'],
    ['{"EventID":"toString","Channel":"Linux-Sysmon/Operational"}'],
    ['{"winlog":{"channel":"__proto__","event_id":"constructor"}}'],
    [
      '{"@timestamp":1,"event":{"dataset":"constructor","module":"__proto__","category":"toString","action":"valueOf"}}',
    ],
    ['{"@timestamp":1,"event":{"dataset":"cisco.ios","module":"cisco"},"cisco":{"ios":{"facility":"constructor"}}}'],
    ['{"@timestamp":1,"event":{},"service":{"language":{"name":"constructor"}}}'],
    ['{"Type":"constructor","category":"__proto__","operationName":"x","resourceId":"y"}'],
    [
      '{"attributes":{"log.file.name":"constructor"},"resource":{"attributes":{"telemetry.sdk.language":"__proto__"}},"body":"x"}',
    ],
    ['{"_path":"__proto__","ts":1}'],
    ['{"logid":"1","devid":"2","type":"constructor"}'],
    ['{"ID":"x","SYSCALL":{"__proto__":1}}'],
    ['{"Event":{"System":{"EventID":{"#text":"constructor"}},"EventData":{"Data":[{"Name":"__proto__"},null,[],7]}}}'],
  ])("%s is read by some mapping without harm", (json) => {
    const document = JSON.parse(json) as JsonObject;
    const mapping = DEFAULT_MAPPINGS.find((candidate) => candidate.accepts(document));
    const sources = mapping?.logSources(document) ?? [];
    for (const source of sources)
      for (const value of Object.values(source)) expect(["string", "undefined"]).toContain(typeof value);
    for (const field of ["Image", "__proto__", "constructor", "CommandLine", "a0", "toString"])
      for (const source of [...sources, {}, { product: "constructor", category: "__proto__", service: "toString" }]) {
        const value = readValue(document, mapping?.paths(field, source) ?? []);
        expect(typeof value).not.toBe("function");
      }
    expect(mapping?.time(document) ?? 0).toBeTypeOf("number");
    for (const { value } of mapping?.entities(document) ?? []) expect(value).toBeTypeOf("string");
  });
  test("of any form are read without harm", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            "winlog",
            "event",
            "@timestamp",
            "EventID",
            "Channel",
            "Event",
            "System",
            "attributes",
            "resource",
            "body",
            "type",
            "ID",
            "SYSCALL",
            "protoPayload",
            "id",
            "eventType",
            "actor",
            "operationName",
            "action",
            "org",
            "ts",
            "uid",
            "ecs",
            "auditd",
            "process",
          ),
          fc.jsonValue(),
        ),
        (document) => {
          const mapping = DEFAULT_MAPPINGS.find((candidate) => candidate.accepts(document as JsonObject));
          mapping?.logSources(document as JsonObject);
          mapping?.time(document as JsonObject);
          mapping?.entities(document as JsonObject);
          expect(mapping?.logSources(document as JsonObject)).toEqual(mapping?.logSources(document as JsonObject));
        },
      ),
    );
  });
});

test("names of mappings are unique", () => {
  const names = DEFAULT_MAPPINGS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
