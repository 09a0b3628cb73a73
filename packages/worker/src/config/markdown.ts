import { describeConfig } from "./settings.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (text: string): string => `\`${text}\``;

/** The text of docs/configuration.md. */
export const configurationMarkdown = (): string => {
  const rows = describeConfig();
  const table = (cells: readonly (readonly string[])[]): string[] =>
    cells.map((row) => `| ${row.map(cell).join(" | ")} |`);
  return [
    "# Configuration",
    "",
    "The worker reads `vedette.yaml` (or the file given with `--config`) and then the environment, which wins. Everything has a",
    "default: an empty file is a valid one. Lists of texts are written with commas in the environment. Paths in the file are relative to",
    "its folder. A wrong name or value stops the start and is reported with file, line, column and the nearest right name.",
    "",
    "```yaml",
    "dataFolder: /var/lib/vedette",
    "otlp:",
    "  host: 0.0.0.0",
    "  tokenFile: otlp-token",
    "sources:",
    "  - type: file",
    "    name: audit",
    "    path: /var/log/audit/*.jsonl",
    "alerter:",
    "  alertmanager:",
    '    urls: ["http://alertmanager:9093"]',
    "```",
    "",
    ...table([
      ["setting", "type", "default", "environment", "meaning"],
      ["---", "---", "---", "---", "---"],
    ]),
    ...table(
      rows.map((row) => [
        code(row.key),
        row.type,
        row.default === undefined ? (row.required ? "required" : "") : code(row.default),
        row.environment === undefined ? "" : code(row.environment),
        row.description,
      ]),
    ),
    "",
    "Durations are written as `500ms`, `30s`, `15m`, `2h` or `7d`, sizes as `512KiB` or `8MiB`. Secrets are printed as `[redacted]`",
    "everywhere; prefer a file or the environment to the configuration file for them.",
    "",
  ].join("\n");
};
