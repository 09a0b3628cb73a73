import { describe, expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { describeIndex } from "./describe-index.ts";
import { IndexPushDown } from "./push-down.ts";

const keyword = { type: "keyword" };
const keywords = (...names: readonly string[]): JsonObject => Object.fromEntries(names.map((name) => [name, keyword]));

function answerOf(logSource: string, selection: string, properties: JsonObject): readonly [string, string] {
  const text = `title: Rule\nid: 11111111-1111-4111-8111-111111111111\nlogsource:\n  ${logSource}\ndetection:\n  selection:\n    ${selection}\n  condition: selection\n`;
  const [rule] = loadRules([{ path: "rule.yml", text }]).rules;
  if (rule === undefined) throw new Error("the rule is none");
  const pushed = new IndexPushDown({ fields: describeIndex({ mappings: { properties } }) });
  const found = pushed.rule(rule);
  if ("refused" in found) return ["refused", found.reasons.join(" ")];
  if ("match_none" in found.query) return ["none", ""];
  return [found.exactness, JSON.stringify(found.query) + found.reasons.join(" ")];
}

const ECS: JsonObject = {
  "@timestamp": { type: "date" },
  ecs: { properties: keywords("version") },
  event: { properties: keywords("dataset", "module", "category", "type", "action") },
  host: { properties: { os: { properties: keywords("type") } } },
  process: { properties: keywords("executable", "command_line", "name") },
  http: { properties: { request: { properties: keywords("method") } } },
  url: { properties: keywords("path", "original") },
};

describe("the log source of documents is asked for exactly", () => {
  test.each<[string, string, string, JsonObject, string]>([
    [
      "in ECS by category, type and system",
      "{ product: linux, category: process_creation }",
      "CommandLine|contains: whoami",
      ECS,
      '"event.type"',
    ],
    ["in ECS by a request", "{ category: webserver }", "cs-method: TRACE", ECS, '"http.request.method"'],
    ["in ECS by the data set", "{ product: okta, service: okta }", "eventType: x", ECS, '"okta.system"'],
    [
      "in OpenTelemetry's documents by a request",
      "{ category: webserver }",
      "cs-method: TRACE",
      {
        attributes: { type: "object", subobjects: false, properties: keywords("http.request.method", "url.path") },
        resource: { properties: { attributes: { properties: keywords("service.name") } } },
      },
      '"attributes.url.path"',
    ],
    [
      "in CloudTrail's by what such a record has",
      "{ product: aws, service: cloudtrail }",
      "eventName: StopLogging",
      keywords("eventSource", "eventName", "eventVersion"),
      '"eventVersion"',
    ],
    [
      "of audit records by their type",
      "{ product: linux, category: process_creation }",
      "Image: /bin/sh",
      keywords("type", "msg", "exe", "syscall"),
      '"EXECVE"',
    ],
    [
      "where a whole number tells it",
      "{ product: windows, service: security }",
      "TargetUserName: eve",
      { ...keywords("Channel", "TargetUserName"), EventID: { type: "long" } },
      '"Channel"',
    ],
  ])("%s", (_what, logSource, selection, properties, part) => {
    const [kind, text] = answerOf(logSource, selection, properties);
    expect(kind).toBe("exact");
    expect(text).toContain(part);
  });

  test.each<[string, string, JsonObject, string]>([
    ["Zeek's logs, which are any", "product: zeek", keywords("id.orig_h", "uid", "_path"), "refused"],
    [
      "ECS's documents without what tells processes",
      "{ product: macos, category: process_creation }",
      { ...ECS, event: { properties: keywords("dataset") } },
      "none",
    ],
    [
      "Okta's in an index of CloudTrail's",
      "{ product: okta, service: okta }",
      keywords("eventSource", "eventName", "eventVersion"),
      "none",
    ],
  ])("but not %s", (_what, logSource, properties, kind) => {
    expect(answerOf(logSource, "uid: x", properties)[0]).toBe(kind);
  });
});
