import { LineCounter, isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Document, type Node } from "yaml";
import type { JsonValue } from "../event.ts";
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
const LIMITS = { characters: 4_000_000, depth: 32, nodes: 200_000 } as const;

/** A document of a rule file that could be read. */
export interface ParsedDocument {
  readonly tree: Tree;
  readonly index: number;
}

/** Reads every YAML document of a file; broken ones are reported and left out, the others are returned. */
export function parseTrees(text: string, reporter: Reporter): readonly ParsedDocument[] {
  if (text.length > LIMITS.characters) {
    reporter.error("rule-too-large", `The file has ${text.length} characters; at most ${LIMITS.characters} are read.`);
    return [];
  }
  const lines = new LineCounter();
  reporter.useLines(lines);
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
  const results: ParsedDocument[] = [];
  for (const [index, document] of documents.entries()) {
    if (document.errors.length > 0) {
      for (const error of document.errors) reporter.error("rule-yaml-syntax", error.message, error.pos[0]);
      continue;
    }
    if (document.contents === null) continue;
    const tree = convert(document.contents, document, reporter);
    if (tree !== undefined && !(tree.kind === "scalar" && tree.value === null)) results.push({ tree, index });
  }
  return results;
}

function convert(root: Node, document: Document, reporter: Reporter): Tree | undefined {
  let nodes = 0;
  const visit = (node: unknown, depth: number, fallback: number): Tree | undefined => {
    const at = (node as Node | null)?.range?.[0] ?? fallback;
    if (++nodes > LIMITS.nodes || depth > LIMITS.depth) {
      const what =
        depth > LIMITS.depth ? `nested more than ${LIMITS.depth} levels` : `more than ${LIMITS.nodes} values`;
      reporter.error("rule-too-large", `The document has ${what} (aliases counted where they are used).`, at);
      return undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      return target === undefined ? { kind: "scalar", at, value: null } : visit(target, depth + 1, at);
    }
    if (isMap(node)) {
      const entries: TreeEntry[] = [];
      for (const pair of node.items) {
        const keyAt = (pair.key as Node | null)?.range?.[0] ?? at;
        if (!isScalar(pair.key)) {
          reporter.error("rule-wrong-type", "A map key must be a plain value.", keyAt);
          return undefined;
        }
        const value = visit(pair.value, depth + 1, keyAt);
        if (value === undefined) return undefined;
        entries.push({ key: String(pair.key.value), at: keyAt, value });
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
    const value = isScalar(node) ? node.value : null;
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", at, value };
    }
    return { kind: "scalar", at, value: value === undefined ? null : String(value) };
  };
  return visit(root, 0, 0);
}

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
