import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Problem } from "@vedette/detection";
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { checkTogether } from "./check-together.ts";
import { nearestName } from "./nearest.ts";
import { configSchema, type Config } from "./schema.ts";
import { readSecretFiles } from "./secret-files.ts";
import { environmentSettings, markedPaths, namesAt, type EnvironmentSetting } from "./settings.ts";
import { replaceAt, shownPath as shown } from "./walk.ts";

/** What a configuration is made from. */
export interface ConfigInput {
  /** Path of the file, for messages and as the base of relative paths. */
  readonly path?: string;
  /** The file's text; absent when there is no file. */
  readonly text?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Base of relative paths when there is no file, and of those from the environment; the current folder by default. */
  readonly cwd?: string;
  /** Reads a file that holds a token, key, password or certificate; the file system by default. */
  readonly readFile?: (path: string) => string;
}

/** A whole configuration, or everything that is wrong with it. */
export type LoadedConfig =
  | { readonly config: Config; readonly problems?: undefined }
  | { readonly config?: undefined; readonly problems: readonly Problem[] };

interface Place {
  readonly line?: number;
  readonly column?: number;
}

/** Finds the line and column of a path of the document: the value, or the name when `atKey`. */
const locate = (document: Document, counter: LineCounter, path: readonly PropertyKey[], atKey: boolean): Place => {
  for (let length = path.length; length >= 0; length -= 1) {
    const parent: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    let node: unknown = length === 0 ? parent : document.getIn(path.slice(0, length), true);
    if (isMap(parent) && length > 0) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
      if (pair !== undefined && ((atKey && length === path.length) || !isNode(node) || pair.value === null))
        node = pair.key;
    }
    if (isNode(node) && node.range) {
      const { line, col } = counter.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return {};
};

const environmentValue = (text: string, { kind }: EnvironmentSetting): unknown => {
  if (kind === "number") return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
  if (kind === "boolean")
    return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : text;
  if (kind === "size") return /^\d+$/.test(text.trim()) ? Number(text) : text;
  if (kind === "list") {
    return text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  return text;
};

const assign = (target: Record<string, unknown>, path: readonly string[], value: unknown): void => {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  // Something that is no mapping is left for validation to complain about.
  if (inner !== undefined && inner !== null && (typeof inner !== "object" || Array.isArray(inner))) return;
  const copy = { ...(inner as Record<string, unknown> | null | undefined) };
  target[head] = copy;
  assign(copy, rest, value);
};

/** Loads the configuration from the text of a file and the environment (which wins): all of it or none. */
export const loadConfig = (input: ConfigInput): LoadedConfig => {
  const problems: Problem[] = [];
  const file = input.path ?? "(no configuration file)";
  const cwd = input.cwd ?? process.cwd();
  const folder = input.path === undefined ? cwd : dirname(resolve(cwd, input.path));
  const counter = new LineCounter();
  const document = parseDocument(input.text ?? "", { lineCounter: counter, prettyErrors: false });
  const problem = (code: string, message: string, rest: Partial<Problem> = {}): void => {
    problems.push({ code, message, path: file, severity: "error", ...rest });
  };

  for (const error of document.errors) {
    const { line, col } = counter.linePos(error.pos[0]);
    problem("config-yaml-syntax", error.message, {
      line,
      column: col,
      suggestion: "Check indentation and quotes at this place.",
    });
  }
  if (problems.length > 0) return { problems };
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    problem("config-yaml-syntax", `The file cannot be read as YAML: ${(error as Error).message}.`);
    return { problems };
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    problem("config-invalid-value", "The file is no mapping of names to values.", {
      line: 1,
      column: 1,
      suggestion: "Write settings as `name: value`, for example `otlp: {port: 4318}`.",
    });
    return { problems };
  }

  const settings = environmentSettings();
  const paths = markedPaths("path");
  const isPath = (path: readonly string[]): boolean =>
    paths.some((marked) => marked.filter((part) => part !== "*").join(".") === path.join("."));
  const merged: Record<string, unknown> = { ...(raw as Record<string, unknown>) };
  const fromEnvironment = new Map<string, string>();
  for (const [variable, text] of Object.entries(input.env)) {
    if (text === undefined || text === "" || !variable.startsWith("VEDETTE_")) continue;
    const setting = settings.get(variable);
    if (setting !== undefined) {
      let value = environmentValue(text, setting);
      if (isPath(setting.path)) {
        value = Array.isArray(value) ? value.map((part: string) => resolve(cwd, part)) : resolve(cwd, String(value));
      }
      assign(merged, setting.path, value);
      fromEnvironment.set(setting.path.join("."), variable);
      continue;
    }
    // Other parts of the suite have variables of their own; only a name that is nearly one of ours is taken for a slip.
    const near = nearestName(
      variable.slice(8),
      [...settings.keys()].map((known) => known.slice(8)),
    );
    if (near === undefined || Math.abs(near.length - (variable.length - 8)) > 2) continue;
    problem("config-unknown-variable", `There is no setting for the environment variable ${variable}.`, {
      path: `environment variable ${variable}`,
      suggestion: `Did you mean VEDETTE_${near}?`,
    });
  }

  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) for (const issue of parsed.error.issues) problems.push(...fromIssue(issue));
  function fromIssue(issue: z.core.$ZodIssue): Problem[] {
    if (issue.code === "unrecognized_keys") {
      const known = namesAt(issue.path);
      return issue.keys.map((key) => {
        const near = nearestName(key, known);
        return {
          code: "config-unknown-key",
          message: `There is no setting \`${shown([...issue.path, key])}\`.`,
          path: file,
          ...locate(document, counter, [...issue.path, key], true),
          suggestion: near === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean \`${near}\`?`,
          severity: "error",
        };
      });
    }
    const variable = [...fromEnvironment].find(
      ([path]) => path === issue.path.filter((part) => typeof part === "string").join("."),
    )?.[1];
    const known = issue.code === "invalid_union" ? namesOfUnion(issue) : undefined;
    return [
      {
        code: "config-invalid-value",
        message: `\`${shown(issue.path)}\`: ${known === undefined ? issue.message.replace(/^Invalid input: /, "") : `expected one of ${known}`}.`,
        path: variable === undefined ? file : `environment variable ${variable}`,
        ...(variable === undefined ? locate(document, counter, issue.path, false) : {}),
        suggestion: "docs/configuration.md lists every setting with its type.",
        severity: "error",
      },
    ];
  }
  if (!parsed.success || problems.length > 0) return { problems };

  let config: Config = parsed.data;
  for (const path of paths) config = replaceAt(config, path, (text) => resolve(folder, text)) as Config;
  config = readSecretFiles(config, input.readFile ?? ((path) => readFileSync(path, "utf8")), (path, what) => {
    problem("config-token-file", what.message, {
      ...locate(document, counter, path, false),
      suggestion: `Give the path of a readable file that holds the ${what.noun} and nothing else.`,
    });
  });
  checkTogether(config, (code, path, message, suggestion) => {
    problem(code, message, { ...locate(document, counter, path, false), suggestion });
  });
  return problems.length > 0 ? { problems } : { config };
};

const namesOfUnion = (issue: z.core.$ZodIssueInvalidUnion): string | undefined => {
  if (issue.discriminator === undefined) return undefined;
  const listed: unknown = (issue as { options?: unknown }).options;
  return Array.isArray(listed) && listed.length > 0 ? listed.map(String).join(", ") : undefined;
};
