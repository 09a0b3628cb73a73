import { expect, test } from "vitest";
import type { JsonObject } from "./event.ts";
import { createDetector } from "./match/detector.ts";
import { packRules, unpackRules } from "./packed-rules.ts";
import { loadRules } from "./sigma/load-rules.ts";
import { ruleText } from "./testing/rule-text.ts";
import { RULE_SETS, type SharedRule, sharedLines, skipReason, withSharedData } from "./testing/shared-data.ts";

test("rules that went through a structured clone judge as before", () => {
  const detections = [
    "s: { Image|endswith: 'a\\*b?c*', CommandLine|re|i: '^x+$' }\ncondition: s",
    "s: { Image|cidr: 10.0.0.0/8 }\nt: { Image|gte: 5 }\ncondition: s or t",
    "s: { Image|base64offset|contains: abc, User|exists: false }\nk: [evil]\ncondition: 1 of them",
  ];
  const files = detections.map((detection, index) => ({
    path: `${index}.yml`,
    text: ruleText(
      detection,
      "vedette: { exceptions: [{ name: n, owner: o, expires: 2030-01-01, detection: { User|re: '^bob$' } }] }\n",
    ).replace("-000000000001", `-00000000000${index}`),
  }));
  const { rules, problems } = loadRules(files);
  expect([rules.length, problems]).toEqual([3, []]);
  const events = [
    { Image: "xa*bXc123", CommandLine: "XX" },
    { Image: "xa*bXc123", CommandLine: "XX", User: "bob" },
    { Image: "xaabXc123", CommandLine: "XX" },
    { Image: "10.2.3.4" },
    { Image: 7 },
    { Image: "WWFiY" },
    { Image: "xYWJj" },
    { User: "evil" },
  ].map((fields, index) => ({
    id: String(index),
    time: 0,
    document: { EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", ...fields },
  }));
  const before = createDetector(rules);
  const after = createDetector(unpackRules(structuredClone(packRules(rules))));
  expect(events.map((event) => after.judge(event))).toEqual(events.map((event) => before.judge(event)));
  expect(events.map((event) => before.judge(event).facts.length).join("")).toBe("10011111");
});

test.runIf(withSharedData)(`SigmaHQ's rules too${skipReason}`, () => {
  const files = sharedLines<SharedRule>("sigma-rules.jsonl.gz")
    .filter(({ set }, index) => RULE_SETS.includes(set) && index % 3 === 0)
    .map(({ path, yaml }) => ({ path, text: yaml }));
  const { rules } = loadRules(files);
  const before = createDetector(rules);
  const after = createDetector(unpackRules(structuredClone(packRules(rules))));
  const cases = sharedLines<{ readonly events: readonly JsonObject[] }>("windows-attack.jsonl.gz");
  let matches = 0;
  for (const [index, document] of cases.flatMap(({ events }) => events.filter((_, at) => at % 20 === 0)).entries()) {
    const event = { id: String(index), time: 0, document };
    const judged = before.judge(event);
    matches += judged.facts.length;
    expect(after.judge(event)).toEqual(judged);
  }
  expect(matches).toBeGreaterThan(20);
});
