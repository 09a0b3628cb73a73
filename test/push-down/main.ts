// npm run quality -- push-down [--sample N] [--every N] [--shape NAME] [--set NAME] [--write]: the queries of every rule of SigmaHQ against the engine, over the
// labelled events indexed in three shapes; exit code 1 when an exact answer differs or a superset misses a document. Needs an Elasticsearch: VEDETTE_TEST_ELASTICSEARCH.
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "@elastic/elasticsearch";
import { loadRules } from "../../packages/detection/src/sigma/load-rules.ts";
import { RULE_SETS, type SharedRule, sharedLines } from "../../packages/detection/src/testing/shared-data.ts";
import { endWithUsage, positiveNumber, readOptions } from "../command-options.ts";
import { type ShapeResult, compareShape } from "./compare.ts";
import { SHAPES } from "./shapes.ts";
import { tableOf } from "./table.ts";

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const USAGE = `Usage: npm run quality -- push-down [OPTIONS]
  --every N     every Nth rule; all by default
  --sample N    about so many events of each set; all by default
  --shape NAME  one shape of documents: ${SHAPES.map(({ name }) => name).join(", ")}
  --set NAME    sets of events with this in their name
  --write       write the table into docs/push-down.md
VEDETTE_TEST_ELASTICSEARCH names an Elasticsearch without security, such as http://127.0.0.1:9200.`;
const values = readOptions(USAGE, {
  sample: { type: "string", default: "0" },
  shape: { type: "string" },
  set: { type: "string" },
  every: { type: "string", default: "1" },
  write: { type: "boolean", default: false },
});
const every = positiveNumber(USAGE, "every", values.every);
const node = process.env["VEDETTE_TEST_ELASTICSEARCH"] ?? endWithUsage(USAGE, "VEDETTE_TEST_ELASTICSEARCH is not set.");
const client = new Client({ node, requestTimeout: 300_000 });
const files = sharedLines<SharedRule>("sigma-rules.jsonl.gz")
  .filter(({ set }) => RULE_SETS.includes(set))
  .map(({ path, yaml }) => ({ path, text: yaml }));
const rules = loadRules(files).rules.filter(({ kind }, at) => kind === "signature" && at % every === 0);
const results: ShapeResult[] = [];
for (const shape of SHAPES) {
  if (values.shape !== undefined && !shape.name.toLowerCase().includes(values.shape.toLowerCase())) continue;
  results.push(
    await compareShape({
      client,
      rules,
      shape,
      prefix: `h-push-down-${process.pid}`,
      sample: Number(values.sample),
      only: values.set,
      tell: say,
    }),
  );
}
await client.close();
for (const { shape, set, rule, answer, missed, extra } of results
  .flatMap(({ differences }) => differences)
  .slice(0, 40))
  say(
    `${shape}: ${set}: ${rule} (${answer}): ${missed.length} missed, ${extra.length} too many: ${JSON.stringify(missed[0] ?? extra[0] ?? null).slice(0, 1_500)}`,
  );
const part = [
  ...(values.every === "1" ? [] : [`every ${values.every}th rule`]),
  ...(values.set === undefined ? [] : [`sets of events with "${values.set}" in their name`]),
  ...(values.sample === "0" ? [] : [`about ${values.sample} events of each set`]),
];
const table = tableOf(rules.length, results, part.length === 0 ? "" : ` (a part: ${part.join(", ")})`);
say(table);
if (values.write) {
  const path = new URL("../../docs/push-down.md", import.meta.url);
  const page = readFileSync(path, "utf8");
  const [before = ""] = page.split("<!-- figures -->");
  writeFileSync(path, `${before}<!-- figures -->\n\n${table}\n`);
}
process.exitCode = results.every(({ differences, found }) => differences.length === 0 && found > 0) ? 0 : 1;
