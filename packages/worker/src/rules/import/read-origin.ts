import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { loadRules, type Problem, type Rule, type RuleFile } from "@vedette/detection";
import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import { readRuleFiles } from "../load.ts";
import { convertElastAlertRule, type ImportLogSource } from "./elastalert/convert-rule.ts";
import type { ImportManifest } from "./manifest.ts";
import type { IncomingFile } from "./plan-import.ts";

/** Where rules are imported from. */
export interface Origin {
  readonly kind: ImportManifest["origin"]["kind"];
  /** Files and folders. */
  readonly from: string;
}

/** Which rules are wanted; without a wish, those that SigmaHQ would have run: none that are deprecated, unsupported or placeholders. */
export interface Wanted {
  readonly all: boolean;
  readonly level?: SeverityLevel | undefined;
  readonly product?: string | undefined;
  readonly logSource?: ImportLogSource | undefined;
}

/** A file that is not imported, and why. */
export interface RefusedImport {
  readonly path: string;
  readonly line?: number | undefined;
  readonly reason: string;
}

/** What an origin has. */
export interface OriginRules {
  readonly files: readonly IncomingFile[];
  readonly refused: readonly RefusedImport[];
  /** Files that nobody asked for. */
  readonly leftOut: number;
  /** A path could not be read. */
  readonly unreadable: readonly Problem[];
}

/** The licence of SigmaHQ's rules, which asks that it and the authors are named. */
export const SIGMAHQ_LICENCE = "Detection Rule License 1.1";
const NOT_RUN = /(?:^|\/)(?:deprecated|unsupported|rules-placeholder)\//;
const ATTACHED = /(?:^|\/)(?:tests|\.github|documentation|regression_data|node_modules|other)\//;

/** SHA-256 of a text, 64 hex digits. */
export const textHash = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The commit of a checkout, where the origin is one. */
export function commitOf(folder: string): string | undefined {
  try {
    const head = readFileSync(join(folder, ".git", "HEAD"), "utf8").trim();
    const name = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1];
    const commit = name === undefined ? head : readFileSync(join(folder, ".git", name), "utf8").trim();
    return /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
  } catch {
    return undefined;
  }
}

/** Reads and, where needed, converts what an origin has. */
export function readOrigin({ kind, from }: Origin, wanted: Wanted): OriginRules {
  const source = readRuleFiles([from]);
  const files = source.files.flatMap((file): readonly RuleFile[] => {
    const path = pathBelow(from, file.path);
    return path === undefined || (kind === "sigmahq" && ATTACHED.test(path)) ? [] : [{ path, text: file.text }];
  });
  const outside = source.files.length - files.length;
  const read = kind === "elastalert" ? elastAlert(files, wanted) : sigma(files, wanted, kind);
  return { ...read, leftOut: read.leftOut + outside, unreadable: source.problems };
}

/** Path below the folder of the origin, as a path below the destination; undefined for one that would leave it. */
function pathBelow(from: string, path: string): string | undefined {
  const below = /\.jsonl(\.gz)?$/i.test(from) ? path : relative(from, path) || (path.split(sep).at(-1) ?? path);
  const parts = below.split(/[\\/]/);
  const safe = parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[\0:]/.test(part));
  return safe && /\.ya?ml$/i.test(below) ? parts.join("/") : undefined;
}

function isWanted(rules: readonly Rule[], { level, product }: Wanted): boolean {
  const least = level === undefined ? -1 : SEVERITY_LEVELS.indexOf(level);
  return rules.some(
    (rule) =>
      SEVERITY_LEVELS.indexOf(rule.level) >= least && (product === undefined || rule.logSource.product === product),
  );
}

function sigma(given: readonly RuleFile[], wanted: Wanted, kind: Origin["kind"]): Omit<OriginRules, "unreadable"> {
  const candidates = kind === "sigmahq" && !wanted.all ? given.filter(({ path }) => !NOT_RUN.test(path)) : given;
  const { rules, filters, problems } = loadRules(candidates);
  const byPath = Map.groupBy(rules, ({ path }) => path);
  const filterPaths = new Set(filters.map(({ path }) => path));
  const errors = Map.groupBy(
    problems.filter(({ severity }) => severity === "error"),
    ({ path }) => path,
  );
  const files: IncomingFile[] = [];
  const refused: RefusedImport[] = [];
  let leftOut = given.length - candidates.length;
  for (const { path, text } of candidates) {
    const own = byPath.get(path) ?? [];
    for (const { line, message } of errors.get(path) ?? []) refused.push({ path, line, reason: message });
    if (errors.has(path)) continue;
    if (!filterPaths.has(path) && !isWanted(own, wanted)) {
      leftOut += 1;
      continue;
    }
    const hash = textHash(text);
    const author = own.find((rule) => rule.author !== undefined)?.author;
    const licence =
      own.find((rule) => rule.license !== undefined)?.license ?? (kind === "sigmahq" ? SIGMAHQ_LICENCE : undefined);
    files.push({
      path,
      text,
      imported: {
        rules: own.map(({ id }) => id),
        source: path,
        sourceHash: hash,
        writtenHash: hash,
        ...(author === undefined ? {} : { author }),
        ...(licence === undefined ? {} : { licence }),
      },
    });
  }
  return { files, refused, leftOut };
}

function elastAlert(given: readonly RuleFile[], wanted: Wanted): Omit<OriginRules, "unreadable"> {
  const files: IncomingFile[] = [];
  const refused: RefusedImport[] = [];
  let leftOut = 0;
  for (const { path, text } of given) {
    const conversion = convertElastAlertRule(text, path, wanted.logSource);
    if (!conversion.ok) {
      refused.push({ path, reason: `it cannot be converted: ${conversion.reason}.` });
      continue;
    }
    const { rules, problems } = loadRules([{ path, text: conversion.text }]);
    const error = problems.find(({ severity }) => severity === "error");
    if (error !== undefined) {
      refused.push({ path, reason: `its conversion does not load: ${error.message}` });
      continue;
    }
    if (!isWanted(rules, wanted)) {
      leftOut += 1;
      continue;
    }
    const [first] = rules;
    files.push({
      path,
      text: conversion.text,
      imported: {
        rules: [...conversion.ids],
        source: path,
        sourceHash: textHash(text),
        writtenHash: textHash(conversion.text),
        ...(first?.author === undefined ? {} : { author: first.author }),
        ...(first?.license === undefined ? {} : { licence: first.license }),
        notes: [...conversion.notes],
      },
    });
  }
  return { files, refused, leftOut };
}
