import { describe, expect, test } from "vitest";
import type { JsonObject, LogSource } from "../event.ts";
import { createDetector } from "../match/detector.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { jsonMapping } from "./json.ts";

const { rules, problems } = loadRules([
  {
    path: "evil.yml",
    text: `
title: Evil message
id: 5a2c6a0e-6c1c-4c93-b5a4-6f1f4ad3b5a1
logsource: { product: nodejs, category: application }
detection:
  sel: { message|contains: very evil, client.address|startswith: '203.' }
  condition: sel
level: high
`,
  },
]);
const detector = createDetector(rules);
const judge = (document: JsonObject, logSource?: LogSource) =>
  detector.judge({ id: "1", time: 0, document, logSource });
const evil = { message: "this is very evil", client: { address: "203.0.113.7" } };

describe("a JSON object without a shape of its own", () => {
  test("is read under its own names, nested or dotted, once somebody says what it belongs to", () => {
    expect(problems).toEqual([]);
    const told = { product: "nodejs", category: "application" };
    expect(judge(evil, told).facts).toHaveLength(1);
    expect(judge({ message: "very evil", "client.address": "203.0.113.7" }, told).facts).toHaveLength(1);
    expect(judge({ message: "harmless", client: { address: "203.0.113.7" } }, told).facts).toHaveLength(0);
  });
  test("belongs to no log source as long as nobody says so, and not to another one than was said", () => {
    expect(judge(evil)).toMatchObject({ mapping: "json", logSources: [], facts: [] });
    expect(judge(evil, { product: "python", category: "application" }).facts).toHaveLength(0);
  });
  test("what the document itself tells counts more than what was said of its source", () => {
    const document = { event_name: "vedette.session", attributes: {}, body: { text: "x" } };
    expect(judge(document, { product: "nodejs" }).logSources).toEqual([
      { product: "vedette", service: "session", category: "application" },
    ]);
  });
  test.each<[JsonObject, { kind: string; value: string }[]]>([
    [
      { source: { ip: "1.2.3.4" }, user: { name: "dora", id: 4 } },
      [
        { kind: "address", value: "1.2.3.4" },
        { kind: "user", value: "dora" },
      ],
    ],
    [
      { "client.ip": "1.2.3.4", username: "eve" },
      [
        { kind: "address", value: "1.2.3.4" },
        { kind: "user", value: "eve" },
      ],
    ],
    [
      { user: 7, hostname: "h1" },
      [
        { kind: "user", value: "7" },
        { kind: "host", value: "h1" },
      ],
    ],
    [{ user: {}, ip: "" }, []],
  ])("names the entities of %j", (document, expected) => {
    expect(jsonMapping.entities(document)).toEqual(expected);
  });
  test.each<[JsonObject, number | undefined]>([
    [{ "@timestamp": "2026-11-21T00:00:00Z" }, Date.UTC(2026, 10, 21)],
    [{ time: "2026-11-21T00:00:00Z" }, Date.UTC(2026, 10, 21)],
    [{ time: "soon" }, undefined],
    [{}, undefined],
  ])("reads the time of %j", (document, expected) => {
    expect(jsonMapping.time(document)).toBe(expected);
  });
});
