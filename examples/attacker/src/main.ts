import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCampaign } from "./campaign.ts";
import { findPayloadFile } from "./payload-file.ts";
import { formatReport, type CampaignEvent } from "./report.ts";

const HELP = `Sends ordinary traffic mixed with attacks to the example shop on this machine.

Usage: main [--target URL] [--seconds N] [--seed N] [--payloads FILE] [--max-requests N] [--attackers A,B] [--no-attacks] [--json]

  --target URL      where the shop is; loopback only (default http://127.0.0.1:7380)
  --seconds N       how long (default 60, at most 3600)
  --seed N          the same seed makes the same choices (default 1)
  --payloads FILE   attack strings, JSON lines with label and payload, gzip or plain
                    (default: data/web-payloads.jsonl.gz of the folder in VEDETTE_SHARED or of ../shared, else a small own set)
  --max-requests N  requests until the campaign ends (default 20000)
  --attackers A,B   loopback addresses of the loud and the quiet attacker (default 127.0.0.66,127.0.0.67)
  --no-attacks      ordinary customers only
  --json            one JSON object a line for each event, and the report as the last
  --help            this text

Exit code: 0 done, 2 wrong usage or a target that is not on loopback.
`;

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} "${text}" is no whole number.`);
  return Number(text);
}

/** Two addresses with a comma between. */
function pair(text: string): readonly [string, string] {
  const [loud = "", quiet = "", ...rest] = text.split(",").map((part) => part.trim());
  if (loud === "" || quiet === "" || rest.length > 0) throw new Error(`--attackers "${text}" is not two addresses.`);
  return [loud, quiet];
}

function sentence(event: CampaignEvent): string | undefined {
  const time = new Date(event.at).toISOString().slice(11, 19);
  if (event.kind === "ordinary_started") return `${time}  ${event.customers} ordinary customers come in`;
  if (event.kind === "stage_started") return `${time}  ${event.attacker}  ${event.stage}`;
  if (event.kind === "blocked") return `${time}  ${event.attacker}  is blocked after ${event.requestsBefore} requests`;
  if (event.kind === "unexpected_answer")
    return `${time}  ${event.customer}: ${event.request} was answered with ${event.status}`;
  return undefined;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string" },
      payloads: { type: "string" },
      "max-requests": { type: "string" },
      attackers: { type: "string" },
      "no-attacks": { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const repository = fileURLToPath(new URL("../../../", import.meta.url));
  const payloads = findPayloadFile(values.payloads, process.env, repository);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const report = await runCampaign({
    target: values.target ?? "http://127.0.0.1:7380",
    seed: wholeNumber("seed", values.seed, 1),
    seconds: wholeNumber("seconds", values.seconds, 60),
    maxRequests: wholeNumber("max-requests", values["max-requests"], 20_000),
    attacks: values["no-attacks"] !== true,
    signal: stop.signal,
    ...(payloads === undefined ? {} : { payloads }),
    ...(values.attackers === undefined ? {} : { attackers: pair(values.attackers) }),
    onEvent(event) {
      const line = values.json === true ? JSON.stringify(event) : sentence(event);
      if (line !== undefined) process.stdout.write(`${line}\n`);
    },
  });
  process.stdout.write(
    values.json === true ? `${JSON.stringify({ kind: "finished", report })}\n` : `\n${formatReport(report)}`,
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
