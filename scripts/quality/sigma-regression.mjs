import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { vedette } from "./run-source.mjs";

/** Rule sets that must load; a refused rule of theirs counts as a miss. */
const SETS = ["rules", "rules-emerging-threats", "rules-threat-hunting"];

/** Cases that count fewer events than fulfil the rule word for word (docs/sigma.md says why), and what is found instead. */
const EXPLAINED = new Map([
  ["rules/windows/file/file_event/file_event_win_anydesk_artefact.yml", 3],
  ["rules/windows/registry/registry_set/registry_set_disable_administrative_share.yml", 2],
]);

/** Rules that need values for their placeholders, which the source does not give. */
const REFUSED = 2;

const readLines = (file) =>
  gunzipSync(readFileSync(file))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/**
 * The shipped command on the events that SigmaHQ recorded for its rules, flat and nested. Exit code 1 when a case is not as labelled and not
 * one of those that are explained, when an explained one has changed, or when another rule is refused.
 */
export async function sigmaRegression(shared) {
  const rulesFile = join(shared, "data", "sigma-rules.jsonl.gz");
  const cases = readLines(join(shared, "data", "sigma-regression.jsonl.gz"));
  const setOf = new Map(readLines(rulesFile).map(({ path, set }) => [path, set]));

  let report = "";
  const check = await vedette(["rules", "check", rulesFile, "--format", "json"], (line) => (report += `${line}\n`));
  if (report === "") throw new Error(`vedette rules check ended with ${check.code}:\n${check.errors}`);
  const { loaded, problems } = JSON.parse(report);
  const refused = problems.filter(({ path, severity }) => severity === "error" && SETS.includes(setOf.get(path)));
  const refusedPaths = new Set(refused.map(({ path }) => path));
  console.log(
    `rules: ${[...setOf.values()].filter((set) => SETS.includes(set)).length} in the sets ${SETS.join(", ")} (all sets: ${setOf.size} files, ${loaded} loaded)`,
  );
  console.log(`refused in these sets: ${refusedPaths.size} (${REFUSED} need values for their placeholders)`);
  for (const { path, line, column, message, code } of refused)
    console.log(`  ${path}:${line ?? 1}:${column ?? 1}: ${message} (${code})`);

  let changed = refusedPaths.size === REFUSED ? 0 : 1;
  for (const [form, key] of [
    ["flat", "events_flat"],
    ["nested", "events_nested"],
  ]) {
    const { found, events } = await detect(rulesFile, cases, key);
    const notes = cases.flatMap((one, index) => {
      const wanted = one.expected_match_count;
      const count = found[index];
      if (wanted === null ? count >= 1 : count === wanted) return [];
      const explained = EXPLAINED.get(one.rule_path) === count;
      const why = refusedPaths.has(one.rule_path)
        ? "the rule is refused"
        : `${count} findings of ${one[key].length} events, ${wanted ?? "at least 1"} expected${explained ? " (explained in docs/sigma.md)" : ""}`;
      return [{ explained, text: `  ${one.rule_path}: ${why}` }];
    });
    const right = cases.length - notes.length;
    console.log(
      `${form}: ${right} of ${cases.length} cases as labelled (${((right / cases.length) * 100).toFixed(1)} %), ${notes.filter(({ explained }) => explained).length} explained, ${events} events`,
    );
    for (const { text } of notes) console.log(text);
    if (notes.some(({ explained }) => !explained) || notes.length !== EXPLAINED.size) changed = 1;
  }
  return changed;
}

/** How often each case's rule fired on the case's own events. */
async function detect(rulesFile, cases, key) {
  const folder = mkdtempSync(join(tmpdir(), "vedette-quality-"));
  try {
    const owners = cases.flatMap((one, index) => one[key].map(() => index));
    const eventsFile = join(folder, "events.jsonl");
    writeFileSync(eventsFile, cases.flatMap((one) => one[key].map((event) => `${JSON.stringify(event)}\n`)).join(""));
    const found = cases.map(() => 0);
    const { code, errors } = await vedette(
      ["detect", "--rules", rulesFile, "--events", eventsFile, "--format", "jsonl"],
      (line) => {
        const finding = JSON.parse(line);
        for (const { index } of finding.events) {
          const owner = owners[index];
          if (owner !== undefined && cases[owner].rule_id === finding.rule.id) found[owner] += 1;
        }
      },
    );
    if (code !== 0 && code !== 1) throw new Error(`vedette detect ended with ${code}:\n${errors}`);
    return { found, events: owners.length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
