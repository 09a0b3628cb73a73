import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { detectCommand } from "../detect.ts";
import { type Captured, captureOutput } from "./capture-output.ts";

/** A folder of files for tests of `vedette detect`. */
export interface DetectFolder {
  /** Writes a file and gives its path. */
  file(name: string, content: string | Uint8Array): string;
  remove(): void;
}

/** Makes a folder that is new. */
export function detectFolder(): DetectFolder {
  const folder = mkdtempSync(join(tmpdir(), "vedette-detect-"));
  return {
    file: (name, content) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs `vedette detect` in this process. */
export async function runDetect(...parameters: readonly string[]): Promise<Captured> {
  const { output, captured } = captureOutput();
  await detectCommand(output)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(parameters, { from: "user" });
  return captured;
}

/** A rule on Windows events, one that counts its findings by host, and an exception. */
export const EVIL_RULES = `title: Evil
id: 11111111-1111-4111-8111-111111111111
name: evil
level: high
logsource: { product: windows }
detection: { s: { CommandLine|contains: evil }, condition: s }
vedette:
  exceptions:
    - { name: drill, owner: red@example.org, expires: 2030-01-01, detection: { User: drill } }
---
title: Often
id: 22222222-2222-4222-8222-222222222222
correlation: { type: event_count, rules: [evil], group-by: [Computer], timespan: 1m, condition: { gte: 3 }, generate: true }
`;

/** A Windows event. */
export function windowsEvent(second: number, fields: object = {}): object {
  return {
    EventID: 1,
    Channel: "Microsoft-Windows-Sysmon/Operational",
    Computer: `host-${second % 7}`,
    CommandLine: second % 3 === 0 ? "evil.exe" : "calm.exe",
    UtcTime: new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString(),
    ...fields,
  };
}

/** Events as lines. */
export const jsonLines = (events: readonly object[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join("");
