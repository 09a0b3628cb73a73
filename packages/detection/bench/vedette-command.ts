import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "worker", "src", "cli", "main.ts");

/** The arguments that make this Node run `vedette detect` from source. */
export function detectArguments(rules: string, events: string, more: readonly string[] = []): readonly string[] {
  return [
    "--conditions=vedette-source",
    "--disable-warning=ExperimentalWarning",
    main,
    "detect",
    "--rules",
    rules,
    "--events",
    events,
    "--format",
    "jsonl",
    ...more,
  ];
}
