import { describe, expect, it } from "vitest";
import { loadRules } from "../packages/detection/src/sigma/load-rules.ts";
import {
  RULE_SETS,
  type SharedRule,
  sharedLines,
  skipReason,
  withSharedData,
} from "../packages/detection/src/testing/shared-data.ts";
import { useElasticsearch } from "../packages/worker/src/testing/elasticsearch/use-elasticsearch.ts";
import { compareShape } from "./push-down/compare.ts";
import { SHAPES } from "./push-down/shapes.ts";

const { client, prefix } = useElasticsearch();

/** Every so many rules and events: `npm run quality -- push-down` takes all. */
const EVERY = 25;
const SAMPLE = 60;

describe.skipIf(!withSharedData)(`rules as queries${skipReason}`, () => {
  it.each(SHAPES)("find in $name what the engine finds", { timeout: 300_000 }, async (shape) => {
    const files = sharedLines<SharedRule>("sigma-rules.jsonl.gz")
      .filter(({ set }, at) => RULE_SETS.includes(set) && at % EVERY === 0)
      .map(({ path, yaml }) => ({ path, text: yaml }));
    const rules = loadRules(files).rules.filter(({ kind }) => kind === "signature");
    const result = await compareShape({
      client,
      rules,
      shape,
      prefix: `${prefix}push-down`,
      sample: SAMPLE,
      // The same recordings, in the form that the shape is made from.
      only: shape.name === "XML" ? "sigma-regression, nested" : "sigma-regression, flat",
    });
    expect(result.differences).toEqual([]);
    expect(result.found).toBeGreaterThan(0);
    const answers = [...result.answers.values()];
    expect(answers.filter((answer) => answer === "exact" || answer === "superset").length).toBeGreaterThan(50);
  });
});
