import {
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Document,
  type Node,
  type Scalar,
} from "yaml";
import type { JsonValue } from "../event.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import type { Reporter } from "./reporter.ts";

/** A YAML value that remembers where it stands in the text (`at`: offset of its first character). */
export type Tree = MapTree | ListTree | ScalarTree;

/** A YAML map, its keys in the order written. */
export interface MapTree {
  readonly kind: "map";
  readonly at: number;
  readonly entries: readonly TreeEntry[];
}

/** One key of a map with its value. */
export interface TreeEntry {
  readonly key: string;
  readonly at: number;
  readonly value: Tree;
  /** The value is a search of its own that stands among the fields of a map; no file can say that, pipelines can. */
  readonly nested?: boolean;
}

/** A YAML sequence. */
export interface ListTree {
  readonly kind: "list";
  readonly at: number;
  readonly items: readonly Tree[];
}

/** A YAML scalar. */
export interface ScalarTree {
  readonly kind: "scalar";
  readonly at: number;
  readonly value: string | number | boolean | null;
}

/** Bounds on what one rule file may hold. */
const LIMITS = { characters: 4_000_000, depth: 32, nodes: 200_000, fileNodes: 2_000_000, syntaxErrors: 10 } as const;

/** A document of a rule file that could be read. */
export interface ParsedDocument {
  readonly tree: Tree;
  readonly index: number;
  /** It has an `action` and could not be read: what the documents after it mean is not known. */
  readonly unreadableAction?: boolean;
}

/** Reads every YAML document of a file; broken ones are reported and left out, the others are returned. */
export function parseTrees(text: string, reporter: Reporter): readonly ParsedDocument[] {
  if (text.length > LIMITS.characters) {
    reporter.error("rule-too-large", `The file has ${text.length} characters; at most ${LIMITS.characters} are read.`);
    return [];
  }
  const lines = new LineCounter();
  reporter.useLines(lines);
  const plain = readPlainYaml(text);
  if (plain !== undefined) {
    for (const start of plain.lineStarts) lines.addNewLine(start);
    return [{ tree: plain.tree, index: 0 }];
  }
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
  const results: ParsedDocument[] = [];
  const budget = { nodes: LIMITS.fileNodes };
  for (const [index, document] of documents.entries()) {
    if (document.errors.length === 0 && document.contents === null) continue;
    const tree = document.errors.length > 0 ? undefined : convert(document, budget, reporter);
    reportSyntax(document, reporter);
    if (tree === undefined) {
      const hasAction = isMap(document.contents) && document.contents.has("action");
      if (hasAction) results.push({ tree: { kind: "scalar", at: 0, value: null }, index, unreadableAction: true });
    } else if (tree.kind !== "scalar" || tree.value !== null) results.push({ tree, index });
    if (budget.nodes < 0) break;
  }
  return results;
}

function reportSyntax(document: Document, reporter: Reporter): void {
  for (const { message, pos } of document.errors.slice(0, LIMITS.syntaxErrors)) {
    // The parser is recursive, so that its stack bounds the nesting before LIMITS.depth can.
    if (message.includes("call stack")) {
      reporter.error("rule-too-large", `The document is nested more than ${LIMITS.depth} levels.`, pos[0]);
      return;
    }
    reporter.error("rule-yaml-syntax", message, pos[0]);
  }
}

function convert(document: Document, budget: { nodes: number }, reporter: Reporter): Tree | undefined {
  let nodes = 0;
  // Nodes are visited in the order of the text, in which an anchor stands before its aliases.
  const anchors = new Map<string, Node>();
  let expanding = 0;
  const visit = (node: unknown, depth: number, fallback: number): Tree | undefined => {
    const at = (node as Node | null)?.range?.[0] ?? fallback;
    if (++nodes > LIMITS.nodes || depth > LIMITS.depth || --budget.nodes < 0) {
      const what =
        depth > LIMITS.depth
          ? `The document is nested more than ${LIMITS.depth} levels`
          : budget.nodes < 0
            ? `The file has more than ${LIMITS.fileNodes} values`
            : `The document has more than ${LIMITS.nodes} values`;
      reporter.error("rule-too-large", `${what} (aliases counted where they are used).`, at);
      return undefined;
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) {
        expanding++;
        const tree = visit(target, depth + 1, at);
        expanding--;
        return tree;
      }
      reporter.error("rule-yaml-syntax", `There is no anchor "&${node.source}" before this alias.`, at);
      return undefined;
    }
    if (isNode(node) && node.tag !== undefined && !PLAIN_TAG.test(node.tag)) {
      reporter.error("rule-yaml-syntax", `The YAML tag "${node.tag}" has no meaning in a rule.`, at, "Remove the tag.");
      return undefined;
    }
    const anchor = isNode(node) ? node.anchor : undefined;
    if (anchor !== undefined && expanding === 0) anchors.set(anchor, node as Node);
    if (isMap(node)) {
      const entries: TreeEntry[] = [];
      const keys = new Set<string>();
      for (const pair of node.items) {
        const keyAt = (pair.key as Node | null)?.range?.[0] ?? at;
        if (!isScalar(pair.key)) {
          reporter.error("rule-wrong-type", "A map key must be a plain value.", keyAt);
          return undefined;
        }
        const key = String(pair.key.value);
        // The parser's own check compares each key with each other one.
        if (keys.size === keys.add(key).size) {
          reporter.error("rule-yaml-syntax", `Map keys must be unique; "${key}" is repeated.`, keyAt);
          return undefined;
        }
        const value = visit(pair.value, depth + 1, keyAt);
        if (value === undefined) return undefined;
        entries.push({ key, at: keyAt, value });
      }
      return { kind: "map", at, entries };
    }
    if (isSeq(node)) {
      const items: Tree[] = [];
      for (const item of node.items) {
        const value = visit(item, depth + 1, at);
        if (value === undefined) return undefined;
        items.push(value);
      }
      return { kind: "list", at, items };
    }
    const value = isScalar(node) ? writtenValue(node) : null;
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", at, value };
    }
    return { kind: "scalar", at, value: value === undefined ? null : String(value) };
  };
  return visit(document.contents, 0, 0);
}

/**
 * The value of a scalar. Digits after a leading zero are a text: YAML 1.2 reads `00000429` as the number 429, YAML 1.1 reads `0777` as the number
 * 511, and a rule means neither.
 */
function writtenValue(node: Scalar): unknown {
  const { value, source } = node;
  return typeof value === "number" && source !== undefined && /^[-+]?0\d+$/.test(source) ? source : value;
}

/** Tags that say what a value would be without them, or that it is a text. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/;

/** The value under a key, if the tree is a map that has it. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  if (tree?.kind !== "map") return undefined;
  return tree.entries.find((entry) => entry.key === key)?.value;
}

/** The tree as plain JSON. */
export function toJson(tree: Tree): JsonValue {
  if (tree.kind === "scalar")
    return typeof tree.value === "number" && !Number.isFinite(tree.value) ? String(tree.value) : tree.value;
  if (tree.kind === "list") return tree.items.map(toJson);
  return Object.fromEntries(tree.entries.map(({ key, value }) => [key, toJson(value)]));
}
