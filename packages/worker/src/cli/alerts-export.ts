import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Alert, type AlertQuery, alertStatusSchema } from "@vedette/api";
import { Command, Option } from "commander";
import { toOcsf } from "../alerter/ocsf.ts";
import { parseDuration } from "../config/units.ts";
import { StoreError } from "../errors.ts";
import { alertDocument } from "../store/elasticsearch/documents.ts";
import { VERSION } from "../version.ts";
import type { CommandOutput } from "./command-output.ts";
import { PLACE_HELP, type StoreReader, withReader } from "./store-place.ts";

interface ExportOptions {
  readonly format: "ocsf" | "ecs" | "jsonl";
  readonly since?: string;
  readonly status?: Alert["status"];
  readonly out?: string;
  readonly data: string;
  readonly config: string;
}

/** Findings of an alert that are named in what is exported. */
const FINDINGS = 200;
const PAGE = 500;

/** Builds `vedette alerts export`. */
export function alertsExportCommand(output: CommandOutput): Command {
  return new Command("export")
    .description("write alerts for another system, one JSON document a line, newest first")
    .addOption(
      new Option("--format <format>", "OCSF Detection Findings, ECS documents, or alerts as they are")
        .choices(["ocsf", "ecs", "jsonl"])
        .makeOptionMandatory(),
    )
    .option("--since <duration>", "only alerts seen in the last such time, e.g. 7d")
    .addOption(new Option("--status <status>", "of this status").choices(alertStatusSchema.options))
    .option("--out <file>", "where to write; it appears when it is whole. Without it: to the standard output")
    .option("--data <store>", PLACE_HELP, ".vedette")
    .option("--config <file>", "configuration whose block `elasticsearch` names the cluster", "vedette.yaml")
    .action((options: ExportOptions) => exportAlerts(options, output));
}

async function exportAlerts(options: ExportOptions, output: CommandOutput): Promise<void> {
  const { format, since, status, out } = options;
  const age = since === undefined ? undefined : parseDuration(since);
  if (since !== undefined && age === undefined) {
    output.complain(`--since ${since} is no duration; write one such as 7d or 12h.`);
    return output.exit(2);
  }
  const query: Omit<AlertQuery, "limit"> = {
    ...(age === undefined ? {} : { from: Date.now() - age }),
    ...(status === undefined ? {} : { status }),
  };
  try {
    await withReader(options.data, options.config, output, async (reader) => {
      const lines = linesOf(reader, format, query);
      if (out === undefined) {
        for await (const line of lines) output.print(line);
        return;
      }
      const count = await writeLines(out, lines);
      output.print(`Wrote ${count} alerts to ${out}.`);
    });
  } catch (error) {
    if (error instanceof StoreError) output.complain(`${error.code}: ${error.message}`);
    else if ((error as NodeJS.ErrnoException).syscall !== undefined)
      output.complain(`${out ?? "The output"} cannot be written: ${(error as Error).message}.`);
    else throw error;
    output.exit(2);
  }
}

async function* linesOf(
  reader: StoreReader,
  format: ExportOptions["format"],
  query: Omit<AlertQuery, "limit">,
): AsyncGenerator<string> {
  for (let cursor: string | undefined; ;) {
    const page = await reader.listAlerts({ ...query, limit: PAGE, cursor });
    for (const alert of page.items) yield JSON.stringify(await documentOf(reader, format, alert));
    cursor = page.nextCursor;
    if (cursor === undefined) return;
  }
}

async function documentOf(reader: StoreReader, format: ExportOptions["format"], alert: Alert): Promise<object> {
  switch (format) {
    case "jsonl":
      return alert;
    case "ecs": {
      const { vedette, ...fields } = alertDocument(alert, { line: "" }) as { readonly vedette: object };
      const { body: _body, line: _line, ...own } = vedette as Record<string, unknown>;
      return { ...fields, vedette: own };
    }
    case "ocsf": {
      const members = await reader.alertMembers(alert.id, FINDINGS);
      const findings = await reader.findings(members.map(({ findingId }) => findingId));
      return toOcsf({ alert, findings, history: await reader.history(alert.id), productVersion: VERSION });
    }
  }
}

async function writeLines(path: string, lines: AsyncIterable<string>): Promise<number> {
  const unfinished = `${path}.part`;
  let count = 0;
  async function* ended(): AsyncGenerator<string> {
    for await (const line of lines) {
      count += 1;
      yield `${line}\n`;
    }
  }
  try {
    await pipeline(Readable.from(ended()), createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return count;
}
