import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import { createDetector } from "../match/detector.ts";
import { explain } from "../explain/explain.ts";
import { windowsFlatMapping } from "../mappings/windows-shapes.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { NAMED_FIELDS, pipelined, pipelinesOf, says, shapeOf, sortedShape } from "../testing/pipelined-rule.ts";
import { ruleText } from "../testing/rule-text.ts";
import { type SharedRule, RULE_SETS, sharedLines, skipReason, withSharedData } from "../testing/shared-data.ts";

const sel = (text: string): string => `sel: ${text}\ncondition: sel`;
const items = (...list: readonly string[]): string =>
  `transformations:\n${list.map((item) => `- ${item}`).join("\n")}\n`;
const PREFIX = items("{type: field_name_prefix, prefix: p.}");

describe("pipelines", () => {
  test("are applied by priority, then as given, with one state and one set of values", () => {
    const suffix = (text: string, priority: number): string =>
      `priority: ${priority}\nvars: {v: [${text}]}\n${items(`{type: field_name_suffix, suffix: .${text}}`)}`;
    const last = `priority: 30\n${items("{type: value_placeholders}")}`;
    const { rules, problems } = pipelined(
      [last, suffix("a", 20), suffix("b", 10), suffix("c", 10)],
      ruleText(sel("{f|expand: '%v%'}")),
    );
    expect(problems).toEqual([]);
    expect(says(rules[0], { "f.b.c.a": "a" })).toBe(true);
  });

  test("that change nothing leave the rule and its revision as they were", () => {
    const text = ruleText(sel("{a|contains: x}"));
    const [plain] = loadRules([{ path: "r0.yml", text }]).rules;
    const never = items("{type: field_name_prefix, prefix: p., rule_conditions: [{type: is_sigma_correlation_rule}]}");
    expect(pipelined(["name: empty", never, items("{type: set_state, key: a, val: b}")], text).rules[0]).toEqual(plain);
  });

  test("that change a rule change its revision: what it looks for, its log source, or that it has none", () => {
    const text = ruleText(sel("{a|contains: x}"), "fields: [a]\n");
    const revision = (...pipelines: readonly string[]): string | undefined =>
      pipelined(pipelines, text).rules[0]?.revision;
    const condition = "{type: add_condition, conditions: {c: 1}";
    const revisions = [
      revision(),
      revision(PREFIX),
      revision(PREFIX, PREFIX),
      revision(items("{type: change_logsource, product: windows}")),
      revision(items("{type: add_field, field: b}")),
      revision(items(`${condition}}`)),
      revision(items(`${condition}, rule_conditions: [{type: logsource, product: windows}]}`)),
    ];
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(revision(PREFIX)).toBe(revision(PREFIX));
  });

  test("keep the places of what is wrong in a rule", () => {
    const text = ruleText("sel:\n  a: x\n  b|re: '('\ncondition: sel");
    expect(pipelined([PREFIX], text).problems).toMatchObject([{ code: "rule-regex-syntax", line: 7, path: "r0.yml" }]);
  });

  test("refuse what no search identifier can be, with its place", () => {
    const text = ruleText("sel:\n  a: {b: c}\ncondition: sel");
    expect(pipelined([PREFIX], text).problems).toMatchObject([{ code: "rule-pipeline", line: 6, column: 8 }]);
  });

  test("leave a broken rule to its reader", () => {
    const { problems } = pipelined([PREFIX], "title: a\nlogsource: {product: windows}\n");
    expect(problems.map(({ code }) => code)).toContain("rule-missing-key");
    expect(problems.map(({ code }) => code)).not.toContain("rule-pipeline");
  });
});

describe("an explanation", () => {
  const pipeline = items("{type: field_name_mapping, mapping: {a: [b, c], d: [e, f]}}");
  test.each<[string, JsonObject]>([
    ["{a: 1, d: 2, g: 3}", { c: 1, e: 2, g: 3 }],
    ["{a: 1, d: 2, g: 3}", { c: 1, g: 3 }],
    ["{a|neq: 1, d: 2}", { f: 2 }],
    ["{a|neq: 1, d: 2}", { c: 1, f: 2 }],
    ["[{a: 1, g: 3}, {d: 2}]", { b: 1 }],
    ["[{a: 1, g: 3}, {d: 2}]", { f: 2 }],
  ])("of %s on %j says what the engine says", (detection, document) => {
    const [rule] = pipelined([pipeline], ruleText(sel(detection))).rules;
    if (rule === undefined) throw new Error("There is no rule.");
    const $logSources: JsonObject[] = [{ product: "windows", category: "process_creation" }];
    const event = { id: "e", time: 0, document: { ...document, $logSources } };
    const { decision, matched } = explain(rule, event, { mappings: [NAMED_FIELDS] });
    expect([decision?.held, matched]).toEqual([says(rule, document), says(rule, document)]);
  });
});

describe("an empty pipeline", () => {
  const field = fc.constantFrom(
    "a",
    "b|contains",
    "c|startswith|cased",
    "d|all",
    "e|neq",
    "f|re",
    "g|windash",
    "h|base64offset|contains",
    "",
  );
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const search = fc.oneof(
    fc.dictionary(field, fc.oneof(value, fc.array(value, { minLength: 1 })), { minKeys: 1 }),
    fc.array(value, { minLength: 1 }),
    fc.array(fc.dictionary(field, value, { minKeys: 1 }), { minLength: 1 }),
  );

  test("changes no rule", () => {
    fc.assert(
      fc.property(search, fc.boolean(), (detection, hasItems) => {
        const text = JSON.stringify({
          title: "T",
          id: "1",
          logsource: { product: "windows" },
          detection: { sel: detection, condition: "sel" },
        });
        const pipelines = pipelinesOf(
          hasItems
            ? items(
                "{type: field_name_mapping, mapping: {zz: y}}",
                "{type: map_string, mapping: {zzzz: y}}",
                "{type: value_placeholders}",
              )
            : "name: empty",
        );
        const without = loadRules([{ path: "r.yml", text }]);
        const withPipeline = loadRules([{ path: "r.yml", text }], { pipelines });
        expect(withPipeline.problems).toEqual(without.problems);
        expect(withPipeline.rules.map(({ revision, condition }) => [revision, shapeOf(condition)])).toEqual(
          without.rules.map(({ revision, condition }) => [revision, shapeOf(condition)]),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("and one that writes every item anew keeps what it means", () => {
    fc.assert(
      fc.property(search, (detection) => {
        const text = JSON.stringify({
          title: "T",
          id: "1",
          logsource: { product: "windows" },
          detection: { sel: detection, condition: "sel" },
        });
        const pipelines = pipelinesOf(
          items("{type: field_name_prefix, prefix: p.}", "{type: field_name_prefix_mapping, mapping: {p.: ''}}"),
        );
        const twice = pipelinesOf(items("{type: case, method: upper}", "{type: case, method: lower}"));
        const lower = pipelinesOf(items("{type: case, method: lower}"));
        const load = (use: typeof pipelines): unknown => {
          const { rules } = loadRules([{ path: "r.yml", text }], { pipelines: use });
          return rules.map(({ condition }) => sortedShape(condition));
        };
        expect(load(pipelines)).toEqual(load([]));
        if (/^[\0-\x7f]*$/.test(text)) expect(load(twice)).toEqual(load(lower));
      }),
      { numRuns: 300 },
    );
  });
});

describe("the log source", () => {
  const rule = ruleText(sel("{a: 1}"));
  const gated =
    "{type: add_condition, conditions: {EventID: 1}, rule_conditions: [{type: logsource, category: process_creation}]}";
  const moved = "{type: change_logsource, product: linux}";
  const here = [{ product: "windows", category: "process_creation" }];
  const there = [{ product: "linux" }];
  test.each<[string, readonly string[], JsonObject, boolean, boolean, boolean]>([
    ["decides without pipelines", [], { a: 1 }, true, false, false],
    [
      "decides beside a condition of an item that does not ask for it",
      ["{type: add_condition, conditions: {EventID: 1}}"],
      { a: 1, EventID: 1 },
      true,
      false,
      false,
    ],
    ["gives way to the condition of an item that asks for it", [gated], { a: 1, EventID: 1 }, true, true, true],
    ["gives way, and the condition must hold", [gated], { a: 1, EventID: 2 }, false, false, false],
    [
      "gives way in a nested item too",
      [
        "{type: nest, items: [{type: add_condition, conditions: {EventID: 1}}], rule_conditions: [{type: logsource, product: windows}]}",
      ],
      { a: 1, EventID: 1 },
      true,
      true,
      true,
    ],
    ["can be changed", [moved], { a: 1 }, false, true, false],
    ["that is set afterwards decides again", [gated, moved], { a: 1, EventID: 1 }, false, true, false],
    [
      "gives way to a condition for the one that was set",
      [moved, "{type: add_condition, conditions: {EventID: 1}, rule_conditions: [{type: logsource, product: linux}]}"],
      { a: 1, EventID: 1 },
      true,
      true,
      true,
    ],
  ])("%s", (_name, list, document, inHere, inThere, inNone) => {
    const { rules, problems } = pipelined([list.length === 0 ? "name: none" : items(...list)], rule);
    expect(problems).toEqual([]);
    expect([here, there, []].map((sources) => says(rules[0], document, sources))).toEqual([inHere, inThere, inNone]);
  });

  test("of other rules is not touched by one that looks everywhere", () => {
    const other = ruleText(sel("{b: 1}")).replace("000001\n", "000002\n");
    const only = gated.replace("rule_conditions: [", "rule_conditions: [{type: contains_field, field: a}, ");
    const { rules } = pipelined([items(only)], rule, other);
    const detector = createDetector(rules, { mappings: [NAMED_FIELDS] });
    const judged = detector.judge({ id: "e", time: 0, document: { a: 1, b: 1, EventID: 1 } });
    expect(judged.facts.map(({ rule: found }) => found.id)).toEqual([rules[0]?.id]);
    expect(judged.logSources).toEqual([]);
  });
});

const CORRELATION = `title: C
id: 00000000-0000-4000-8000-00000000000c
correlation:
  type: value_count
  rules: [r0]
  aliases: { who: { r0: user } }
  group-by: [who, host]
  timespan: 10m
  condition: { gte: 2, field: target }
`;

describe("a correlation", () => {
  const base = ruleText(sel("{a: 1}"), "name: r0\n");
  const mapping = "{type: field_name_mapping, mapping: {user: u.name, host: [h1, h2], target: t, who: no}";

  test("has its fields mapped: aliases, groups and the condition's field", () => {
    const { rules, problems } = pipelined([items(`${mapping}}`)], base, CORRELATION);
    expect(problems).toEqual([]);
    const { correlation } = rules[1] ?? {};
    expect(correlation?.groupBy).toEqual(["who", "h1", "h2"]);
    expect(JSON.stringify(correlation)).toContain('"u.name"');
    expect(JSON.stringify(correlation)).toContain('"t"');
    expect(JSON.stringify(correlation)).not.toContain('"target"');
  });

  test("meets conditions on the log sources of its rules, and those on correlations", () => {
    const conditioned = (condition: string): readonly string[] | undefined => {
      const [, rule] = pipelined([items(`${mapping}, rule_conditions: [${condition}]}`)], base, CORRELATION).rules;
      return rule?.correlation?.groupBy;
    };
    expect(conditioned("{type: logsource, category: process_creation}")).toContain("h1");
    expect(conditioned("{type: logsource, category: webserver}")).toContain("host");
    expect(conditioned("{type: is_sigma_correlation_rule}")).toContain("h1");
    expect(conditioned("{type: is_sigma_rule}")).toContain("host");
  });

  test("sees the log sources that its rules have after the pipelines, wherever it stands", () => {
    const moved = "{type: change_logsource, product: linux}";
    const list = [moved, `${mapping}, rule_conditions: [{type: logsource, product: linux}]}`];
    const { rules } = pipelined([items(...list)], CORRELATION, base);
    expect(rules.find(({ kind }) => kind === "correlation")?.correlation?.groupBy).toContain("h1");
  });

  test("is refused where one field would have to be two", () => {
    const { problems } = pipelined(
      [items("{type: field_name_mapping, mapping: {target: [t1, t2]}}")],
      base,
      CORRELATION,
    );
    expect(problems).toMatchObject([{ code: "rule-pipeline", path: "r1.yml", line: 9 }]);
  });
});

const EXTENSION = `vedette:
  suppression: { by: [user, host] }
  entities: [{ kind: user, field: user }]
  exceptions:
    - { name: a, owner: o, expires: 2030-01-01, detection: { user|startswith: svc, b: 1 } }
    - { name: b, owner: o, expires: 2030-01-01, detection: { s: { user: x }, t: { b: 2 }, condition: s and not t } }
`;

describe("the extension", () => {
  test("has its fields mapped, and the detections of its exceptions like the rule's", () => {
    const list = [
      "{type: field_name_mapping, mapping: {user: u, host: [h1, h2]}}",
      "{type: map_string, mapping: {x: y}}",
    ];
    const { rules, problems } = pipelined([items(...list)], ruleText(sel("{a: 1}"), EXTENSION));
    expect(problems).toEqual([]);
    const { extension } = rules[0] ?? {};
    expect(extension?.suppression?.by).toEqual(["u", "h1", "h2"]);
    expect(extension?.entities).toEqual([{ kind: "user", field: "u" }]);
    expect(says(rules[0], { a: 1, u: "svc1", b: 1 })).toBe(false);
    expect(says(rules[0], { a: 1, user: "svc1", b: 1 })).toBe(true);
    expect(says(rules[0], { a: 1, u: "y", b: 3 })).toBe(false);
    expect(says(rules[0], { a: 1, u: "y", b: 2 })).toBe(true);
  });

  test("does not decide what is done to the rule", () => {
    const list = "{type: field_name_prefix, prefix: p., rule_conditions: [{type: contains_field, field: user}]}";
    const { rules } = pipelined([items(list)], ruleText(sel("{a: 1}"), EXTENSION));
    expect(says(rules[0], { a: 1 })).toBe(true);
  });
});

describe("a filter", () => {
  const filter = `title: F
id: 00000000-0000-4000-8000-00000000000f
logsource: { product: windows }
filter:
  rules: any
  keep: { user|startswith: svc }
  condition: keep
`;
  const mapping =
    "{type: field_name_mapping, mapping: {user: u, a: b}, rule_conditions: [{type: logsource, category: process_creation}]}";

  test("is changed with each rule that it is put on, by that rule's conditions", () => {
    const other = ruleText(sel("{a: 1}")).replace("000001\n", "000002\n").replace("process_creation", "image_load");
    const { rules, problems } = pipelined([items(mapping)], ruleText(sel("{a: 1}")), other, filter);
    expect(problems).toEqual([]);
    const [first, second] = rules;
    expect(says(first, { b: 1, u: "svc1" })).toBe(false);
    expect(says(first, { b: 1, user: "svc1" })).toBe(true);
    const source = [{ product: "windows", category: "image_load" }];
    expect(says(second, { a: 1, user: "svc1" }, source)).toBe(false);
    expect(says(second, { a: 1, u: "svc1" }, source)).toBe(true);
  });

  test("is found by the log source that the rule was written for", () => {
    const moved = items("{type: change_logsource, product: linux}", "{type: field_name_suffix, suffix: .s}");
    const { rules, problems } = pipelined([moved], ruleText(sel("{a: 1}")), filter);
    expect(problems).toEqual([]);
    expect(says(rules[0], { "a.s": 1, "user.s": "x" }, [{ product: "linux" }])).toBe(true);
    expect(says(rules[0], { "a.s": 1, "user.s": "svc" }, [{ product: "linux" }])).toBe(false);
  });
});

describe.skipIf(!withSharedData)(`on SigmaHQ's rules${skipReason}`, () => {
  const rows = withSharedData ? sharedLines<SharedRule>("sigma-rules.jsonl.gz") : [];
  const filesOf = (sets: readonly string[]): { path: string; text: string }[] =>
    rows.filter(({ set }) => sets.includes(set)).map(({ path, yaml }) => ({ path, text: yaml }));

  test("every placeholder rule loads with values or wildcards, and none without", () => {
    const files = filesOf(["rules-placeholder"]);
    expect(files.length).toBeGreaterThan(10);
    const names = new Set(files.flatMap(({ text }) => [...text.matchAll(/%([\w-]+)%/g)].map(([, name]) => name)));
    const vars = JSON.stringify(Object.fromEntries([...names].map((name) => [name, ["first", "second*"]])));
    const valued = `vars: ${vars}\n${items("{type: value_placeholders}")}`;
    for (const pipeline of [valued, items("{type: wildcard_placeholders}")]) {
      const { rules, problems } = loadRules(files, { pipelines: pipelinesOf(pipeline) });
      expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(rules).toHaveLength(files.length);
    }
    expect(loadRules(files).rules.length).toBeLessThan(files.length);
  });

  test("events with other names are found by rules through the pipeline that gives these names", () => {
    const files = filesOf(RULE_SETS);
    const mapping = "{type: field_name_mapping, mapping: {Image: [exe, exe.other], CommandLine: cmd}}";
    const pipelines = pipelinesOf(items(mapping, "{type: field_name_prefix, prefix: winlog.}"));
    const plain = createDetector(loadRules(files).rules, { mappings: [NAMED_FIELDS] });
    const through = createDetector(loadRules(files, { pipelines }).rules, { mappings: [NAMED_FIELDS] });
    const renames = new Map([
      ["Image", "exe.other"],
      ["CommandLine", "cmd"],
    ]);
    const factsOf = (detector: typeof plain, document: JsonObject): readonly string[] =>
      detector.judge({ id: "e", time: 0, document }).facts.map(({ rule }) => rule.id);
    let found = 0;
    for (const { events_flat: events } of sharedLines<{ events_flat: readonly JsonObject[] }>(
      "sigma-regression.jsonl.gz",
    ))
      for (const event of events) {
        const $logSources = windowsFlatMapping.logSources(event) as readonly unknown[] as readonly JsonObject[];
        const renamed = Object.fromEntries(
          Object.entries(event).map(([name, value]) => [`winlog.${renames.get(name) ?? name}`, value]),
        );
        const expected = factsOf(plain, { ...event, $logSources });
        expect(factsOf(through, { ...renamed, $logSources })).toEqual(expected);
        found += expected.length;
      }
    expect(found).toBeGreaterThan(100);
  });

  test("writing every detection item anew changes the meaning of none", () => {
    const files = filesOf(RULE_SETS);
    const there = "{type: field_name_prefix, prefix: 'p|'}".replace("|", ".");
    const pipelines = pipelinesOf(
      items(there, "{type: field_name_prefix_mapping, mapping: {p.: ''}}", "{type: set_state, key: a, val: b}"),
    );
    const plain = loadRules(files);
    const through = loadRules(files, { pipelines });
    expect(through.rules.map(({ id, revision }) => [id, revision])).toEqual(
      plain.rules.map(({ id, revision }) => [id, revision]),
    );
    const anew = loadRules(files, {
      pipelines: pipelinesOf(items("{type: replace_string, regex: 'Zz0never', replacement: x}", there)),
    });
    expect(anew.rules).toHaveLength(plain.rules.length);
    const unprefixed = (text: string): string => text.replace(/(field\\*":\\*")p\./g, "$1");
    const differing = anew.rules.filter(
      (rule, index) => unprefixed(sortedShape(rule.condition)) !== sortedShape(plain.rules[index]?.condition),
    );
    expect(differing.map(({ path }) => path)).toEqual([]);
  });
});
