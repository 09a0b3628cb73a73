/** `node --conditions=vedette-source test/kill/run.ts [--kills 10] [--rounds 12]`: the kill test as a program; exit code 1 when something was lost or doubled. */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { runKills } from "./kill-run.ts";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "10" }, rounds: { type: "string", default: "12" } },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const { undisturbed, killed, lostAlerts, verified, edited } = await runKills({
  kills: Number(values.kills),
  rounds: Number(values.rounds),
  print,
});

const faults = [
  ...(isDeepStrictEqual(killed.facts, undisturbed.facts) ? [] : ["the facts differ"]),
  ...(isDeepStrictEqual(killed.alerts, undisturbed.alerts) ? [] : ["the alerts differ"]),
  ...(isDeepStrictEqual(killed.blocked, undisturbed.blocked) ? [] : ["the blocked addresses differ"]),
  ...(killed.records === undisturbed.records ? [] : ["the number of records differs"]),
  ...killed.doubledAlerts.map((place) => `doubled: ${place}`),
  ...lostAlerts.map((id) => `lost: ${id}`),
  ...(killed.audit.ok && verified.code === 0 ? [] : ["the audit trail does not verify"]),
  ...(edited.code === 1 && edited.output.includes(`entry ${edited.entry}:`)
    ? []
    : ["an edited byte in the audit trail is not reported"]),
];
for (const fault of faults) print(fault);
print(faults.length === 0 ? "Nothing was lost and nothing doubled." : "FAILED");
process.exitCode = faults.length === 0 ? 0 : 1;
