import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createCorrelator,
  createDetector,
  loadRules,
  testRule,
  type Correlation,
  type Rule,
  type RuleExample,
} from "@vedette/detection";
import { describe, expect, it, test } from "vitest";
import { builtinRulesFolder, readRuleFiles } from "./load.ts";

const folder = builtinRulesFolder();
const source = readRuleFiles([folder]);
const ruleSet = loadRules(source.files);
const counted = new Set(ruleSet.rules.flatMap(({ correlation }) => correlation?.ruleIds ?? []));
const alerting = ruleSet.rules.filter(({ id }) => !counted.has(id));
const base = ruleSet.rules.filter(({ id }) => counted.has(id));
const named = (rules: readonly Rule[]): [string, Rule][] => rules.map((rule) => [rule.title, rule]);
const detector = createDetector(ruleSet.rules);

/** Titles of the rules that raise an alert on an example's events. */
function alertsOf({ events }: RuleExample): string[] {
  const correlator = createCorrelator(ruleSet.rules, { lateness: Math.max(...events.map(({ at }) => at)) });
  const titles = new Set<string>();
  for (const [index, { at, document }] of events.entries()) {
    const time = 1_800_000_000_000 + at;
    for (const fact of detector.judge({
      id: String(index),
      time,
      document: { ...document, "@timestamp": new Date(time).toISOString() },
    }).facts) {
      if (fact.alerts) titles.add(fact.rule.title);
      correlator.observe(fact);
    }
  }
  correlator.advance(Number.MAX_SAFE_INTEGER);
  for (const episode of correlator.takeChanges().episodes) if (episode.alerts) titles.add(episode.rule.title);
  return [...titles];
}

test("the built-in rules are read and loaded without a complaint", () => {
  expect([...source.problems, ...ruleSet.problems]).toEqual([]);
  expect(alerting.length).toBeGreaterThanOrEqual(14);
});

describe("every example holds on the production engine", () => {
  it.each(named(ruleSet.rules))("%s", (_title, rule) => {
    const results = testRule(rule, ruleSet);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(2);
  });
});

describe("an alerting rule", () => {
  it.each(named(alerting))("%s has an example of each kind", (_title, rule) => {
    const kinds = new Set(rule.extension.examples.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(["positive", "near_miss", "negative"]));
  });

  it.each(named(alerting))("%s catches an example that no other rule alerts on", (title, rule) => {
    const alone = rule.extension.examples.filter(
      (example) => example.kind === "positive" && alertsOf(example).join() === title,
    );
    expect(alone).not.toEqual([]);
  });

  it.each(named(alerting))("%s raises no alert on the examples that it must leave alone", (title, rule) => {
    for (const example of rule.extension.examples)
      if (example.kind !== "positive") expect(alertsOf(example)).not.toContain(title);
  });

  it.each(named(alerting))("%s tells the analyst what it is, what to check and when it is wrong", (_title, rule) => {
    expect(rule.description.length).toBeGreaterThan(150);
    expect(rule.falsePositives.length).toBeGreaterThan(0);
    expect(rule.level).not.toBe("informational");
    expect(rule.tags.some((tag) => /^attack\.[a-z]+(-[a-z]+)*$/.test(tag))).toBe(true);
    expect(rule.tags.some((tag) => /^attack\.t\d{4}(\.\d{3})?$/.test(tag))).toBe(true);
    expect(rule.extension.suppression).toBeDefined();
  });

  it.each(named(alerting))(
    "%s asks for something only when it is of level high or above, and for 15 minutes",
    (_title, rule) => {
      for (const response of rule.extension.response) {
        expect([
          { action: "block_address", field: "client.address", for: 900_000 },
          { action: "end_session", field: "session.id", target: "session.id", for: 900_000 },
        ]).toContainEqual(response);
        expect(["high", "critical"]).toContain(rule.level);
      }
    },
  );
});

describe("a rule that only feeds a correlation", () => {
  it.each(named(base))("%s is informational and raises no alert", (title, rule) => {
    expect([rule.level, rule.extension.response]).toEqual(["informational", []]);
    for (const example of rule.extension.examples) expect(alertsOf(example)).not.toContain(title);
  });
});

test("every id is a random UUID", () => {
  expect(
    ruleSet.rules
      .map(({ id }) => id)
      .filter((id) => !/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id)),
  ).toEqual([]);
});

test("the files are named in kebab-case", () => {
  expect(
    source.files.map(({ path }) => basename(path)).filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*\.yml$/.test(name)),
  ).toEqual([]);
});

test("the readme has a row for each alerting rule and no other", () => {
  const readme = readFileSync(join(folder, "..", "README.md"), "utf8");
  const rows = /<!-- rules -->\n.*\n.*\n([^]*?)<!-- \/rules -->/.exec(readme)?.[1]?.trim().split("\n") ?? [];
  expect(rows).toEqual(alerting.map(readmeRow));
});

/** How much a correlation asks for, in words. */
function amountOf(correlation: Correlation): string {
  const [only] = correlation.type === "event_count" || correlation.type === "value_count" ? correlation.range : [];
  if (only === undefined) return "all";
  const number = only.value + (only.comparison === "gt" ? 1 : 0);
  return correlation.type === "value_count"
    ? `${number} different ${correlation.fields.map((field) => `\`${field}\``).join(", ")}`
    : String(number);
}

/** What a rule looks at, in words. */
function lookOf({ correlation, logSource }: Rule): string {
  if (correlation === undefined) return `\`vedette.${logSource.service ?? ""}\``;
  const listed = correlation.ruleIds.flatMap((id) => ruleSet.rules.find((one) => one.id === id) ?? []).map(lookOf);
  const amount = correlation.type === "temporal_ordered" ? listed.join(", then ") : countOf(correlation, listed);
  return `${amount} in ${correlation.timespan / 60_000}m by ${correlation.groupBy.map((name) => `\`${name}\``).join(", ")}`;
}

const countOf = (correlation: Correlation, listed: readonly string[]): string =>
  `${amountOf(correlation)} of ${[...new Set(listed)].join(", ")}`;

/** The row of the readme's table that belongs to a rule. */
function readmeRow(rule: Rule): string {
  const { correlation, extension } = rule;
  const looks = `${correlation === undefined ? "one " : ""}${lookOf(rule)}`;
  const techniques = rule.tags
    .filter((tag) => /^attack\.t\d/.test(tag))
    .map((tag) => tag.slice("attack.".length).toUpperCase());
  const response =
    extension.response
      .map((hint) =>
        hint.action === "end_session" ? "ends the session" : `blocks the address for ${hint.for / 60_000}m`,
      )
      .join(", ") || "none";
  const link = relative(dirname(folder), rule.path).replaceAll("\\", "/");
  return `| [${rule.title}](${link}) | ${rule.level} | ${extension.kind} | ${techniques.join(", ")} | ${looks} | ${response} |`;
}

const shared = process.env["VEDETTE_SHARED"] ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const techniquesFile = join(shared, "data", "attack-techniques.json");
const hasTechniques = existsSync(techniquesFile) || process.env["VEDETTE_TEST_REQUIRE"] === "all";

test.skipIf(!hasTechniques)(
  `every ATT&CK tag names an active technique and one of its tactics${hasTechniques ? "" : " (skipped: the shared data is not there)"}`,
  () => {
    interface Technique {
      readonly id: string;
      readonly tactics: readonly string[];
      readonly revoked?: boolean;
      readonly deprecated?: boolean;
    }
    const { techniques } = JSON.parse(readFileSync(techniquesFile, "utf8")) as { techniques: readonly Technique[] };
    const active = new Map(
      techniques.filter((one) => one.revoked !== true && one.deprecated !== true).map((one) => [one.id, one]),
    );
    for (const rule of alerting) {
      const tags = rule.tags.map((tag) => tag.slice("attack.".length));
      const used = tags.filter((tag) => /^t\d/.test(tag)).map((tag) => active.get(tag.toUpperCase()));
      expect(used, rule.title).not.toContain(undefined);
      const tactics = used.flatMap((technique) => technique?.tactics ?? []);
      expect(tactics, rule.title).toEqual(expect.arrayContaining(tags.filter((tag) => !/^t\d/.test(tag))));
    }
  },
);
