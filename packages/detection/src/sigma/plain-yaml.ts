import type { ListTree, MapTree, ScalarTree, Tree, TreeEntry } from "./tree.ts";

/** A document read by {@link readPlainYaml}, and the offset of every line. */
export interface PlainYaml {
  readonly tree: Tree;
  readonly lineStarts: readonly number[];
}

/** Longer texts are left to the parser, which counts what it reads. */
const MAX_CHARACTERS = 100_000;
const MAX_DEPTH = 16;
const MAX_KEY = 1_000;

/**
 * Reads the YAML that most rules are written in, an order of magnitude faster than a parser of all of YAML: one document of block maps and
 * block lists, whose scalars are plain or quoted on one line, or literal or folded blocks. Undefined for anything else, and wherever
 * there is the slightest doubt: then the parser has to read it, and to say what is wrong.
 */
export function readPlainYaml(text: string): PlainYaml | undefined {
  if (text.length > MAX_CHARACTERS || /[\t\r\uFEFF]|^(?:---|\.\.\.|%)/m.test(text)) return undefined;
  try {
    return new PlainReader(text).read();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class NotPlain extends Error {}

function notPlain(): never {
  throw new NotPlain();
}

class PlainReader {
  readonly #text: string;
  readonly #lineStarts: number[] = [0];
  /** The line at hand: its number, where its content begins and ends, and the column of its content; blank lines and comments are skipped. */
  #line = 0;
  #begin = 0;
  #end = 0;
  #indent = 0;
  #isAtEnd = false;

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lineStarts.push(at + 1);
  }

  read(): PlainYaml {
    this.#moveTo(0);
    if (this.#isAtEnd || this.#indent !== 0) notPlain();
    const tree = this.#readBlock(0);
    if (!this.#isAtEnd) notPlain();
    return { tree, lineStarts: this.#lineStarts };
  }

  /** Goes to the first line from this one on that has content. */
  #moveTo(line: number): void {
    const text = this.#text;
    for (; line < this.#lineStarts.length; line++) {
      const start = this.#lineStarts[line]!;
      let begin = start;
      while (text.charCodeAt(begin) === SPACE) begin++;
      const unit = text.charCodeAt(begin);
      if (begin >= text.length || unit === NEWLINE || unit === HASH) continue;
      this.#line = line;
      this.#begin = begin;
      this.#end = this.#endOf(line);
      this.#indent = begin - start;
      return;
    }
    this.#isAtEnd = true;
    this.#indent = -1;
  }

  #endOf(line: number): number {
    const next = this.#lineStarts[line + 1];
    return next === undefined ? this.#text.length : next - 1;
  }

  #isDash(): boolean {
    const next = this.#text.charCodeAt(this.#begin + 1);
    return this.#text.charCodeAt(this.#begin) === DASH && (this.#begin + 1 >= this.#end || next === SPACE);
  }

  #readBlock(depth: number): MapTree | ListTree {
    if (depth > MAX_DEPTH) notPlain();
    return this.#isDash() ? this.#readList(depth) : this.#readMap(depth);
  }

  #readList(depth: number): ListTree {
    const indent = this.#indent;
    const at = this.#begin;
    const items: Tree[] = [];
    while (this.#indent === indent && this.#isDash()) {
      let begin = this.#begin + 1;
      while (this.#text.charCodeAt(begin) === SPACE) begin++;
      if (begin >= this.#end || this.#text.charCodeAt(begin) === HASH) notPlain();
      const column = indent + begin - this.#begin;
      this.#begin = begin;
      if (this.#isDash()) notPlain();
      if (this.#findKey() === undefined) items.push(this.#readScalar(indent));
      else {
        // The rest of the line begins a map, whose other keys stand below its first.
        this.#indent = column;
        if (depth + 1 > MAX_DEPTH) notPlain();
        items.push(this.#readMap(depth + 1));
      }
    }
    if (this.#indent > indent) notPlain();
    return { kind: "list", at, items };
  }

  #readMap(depth: number): MapTree {
    const indent = this.#indent;
    const at = this.#begin;
    const entries: TreeEntry[] = [];
    const keys = new Set<string>();
    while (this.#indent === indent && !this.#isDash()) {
      const found = this.#findKey();
      if (found === undefined || keys.has(found.key)) return notPlain();
      keys.add(found.key);
      const keyAt = this.#begin;
      let begin = found.end;
      while (this.#text.charCodeAt(begin) === SPACE) begin++;
      let value: Tree;
      if (begin >= this.#end || this.#text.charCodeAt(begin) === HASH) {
        this.#moveTo(this.#line + 1);
        // A list may stand right below its key; a key without value is left to the parser.
        if (this.#indent < indent || (this.#indent === indent && !this.#isDash())) notPlain();
        value = this.#readBlock(depth + 1);
      } else {
        this.#begin = begin;
        value = this.#readScalar(indent);
      }
      entries.push({ key: found.key, at: keyAt, value });
    }
    if (this.#indent > indent) notPlain();
    return { kind: "map", at, entries };
  }

  /** The key at the begin of the line's content and the offset after its colon; undefined when there is none. */
  #findKey(): { readonly key: string; readonly end: number } | undefined {
    const text = this.#text;
    const first = text.charCodeAt(this.#begin);
    if (first === QUOTE || first === DOUBLE_QUOTE) {
      const { value, end } = this.#readQuoted();
      if (text.charCodeAt(end) !== COLON) return undefined;
      if (end + 1 < this.#end && text.charCodeAt(end + 1) !== SPACE) notPlain();
      return { key: value, end: end + 1 };
    }
    for (let at = this.#begin; at < this.#end; at++) {
      const unit = text.charCodeAt(at);
      if (unit === HASH && text.charCodeAt(at - 1) === SPACE) return undefined;
      if (unit !== COLON || (at + 1 < this.#end && text.charCodeAt(at + 1) !== SPACE)) continue;
      const key = text.slice(this.#begin, at);
      if (key.length > MAX_KEY || key === "<<" || !isPlainText(key) || readTyped(key) !== key) notPlain();
      return { key, end: at + 1 };
    }
    return undefined;
  }

  /** Reads the scalar at the line's content, and goes to the next line, which may not continue it. */
  #readScalar(indent: number): ScalarTree {
    const text = this.#text;
    const at = this.#begin;
    const first = text.charCodeAt(at);
    let value: ScalarTree["value"];
    if (first === BAR || first === GREATER) return { kind: "scalar", at, value: this.#readBlockScalar(indent) };
    if (first === QUOTE || first === DOUBLE_QUOTE) {
      const quoted = this.#readQuoted();
      const rest = text.slice(quoted.end, this.#end);
      if (!/^ *(?: #.*)?$/.test(rest)) notPlain();
      value = quoted.value;
    } else {
      const comment = text.slice(at, this.#end).indexOf(" #");
      let end = comment < 0 ? this.#end : at + comment;
      while (text.charCodeAt(end - 1) === SPACE) end--;
      const plain = text.slice(at, end);
      if (!isPlainText(plain) || plain.includes(": ") || plain.endsWith(":")) notPlain();
      value = readTyped(plain);
    }
    this.#moveTo(this.#line + 1);
    if (this.#indent > indent) notPlain();
    return { kind: "scalar", at, value };
  }

  #readQuoted(): { readonly value: string; readonly end: number } {
    const text = this.#text;
    const quote = text.charAt(this.#begin);
    let value = "";
    let from = this.#begin + 1;
    for (let at = from; at < this.#end; at++) {
      const char = text.charAt(at);
      if (char === "\\" && quote === '"') {
        const escape = ESCAPES[text.charAt(at + 1)];
        if (escape === undefined || at + 1 >= this.#end) notPlain();
        value += text.slice(from, at) + escape;
        from = at + 2;
        at++;
      } else if (char === quote) {
        value += text.slice(from, at);
        if (quote === '"' || text.charAt(at + 1) !== "'") return { value, end: at + 1 };
        value += "'";
        from = at + 2;
        at++;
      }
    }
    return notPlain();
  }

  #readBlockScalar(indent: number): string {
    const text = this.#text;
    const header = /^([|>])(-?) *$/.exec(text.slice(this.#begin, this.#end));
    if (header === null) return notPlain();
    const lines: string[] = [];
    let column = -1;
    let line = this.#line + 1;
    for (; line < this.#lineStarts.length; line++) {
      const start = this.#lineStarts[line]!;
      const end = this.#endOf(line);
      let begin = start;
      while (begin < end && text.charCodeAt(begin) === SPACE) begin++;
      if (begin === end) {
        if (column >= 0 && end - start > column) notPlain();
        lines.push("");
        continue;
      }
      if (begin - start <= indent) break;
      if (column < 0) {
        if (lines.length > 0) notPlain();
        column = begin - start;
      }
      if (begin - start < column || end === text.length) notPlain();
      lines.push(text.slice(start + column, end));
    }
    while (lines.at(-1) === "") lines.pop();
    if (lines.length === 0) notPlain();
    this.#moveTo(line);
    const ending = header[2] === "-" ? "" : "\n";
    if (header[1] === "|") return lines.join("\n") + ending;
    if (lines.some((each) => each.startsWith(" "))) notPlain();
    let folded = "";
    let blank = 0;
    for (const each of lines) {
      if (each === "") blank++;
      else {
        folded += folded === "" ? each : (blank > 0 ? "\n".repeat(blank) : " ") + each;
        blank = 0;
      }
    }
    return folded + ending;
  }
}

const [SPACE, NEWLINE, HASH, DASH, COLON, QUOTE, DOUBLE_QUOTE, BAR, GREATER] = [32, 10, 35, 45, 58, 39, 34, 124, 62];

const ESCAPES: Readonly<Record<string, string | undefined>> = {
  "\\": "\\",
  '"': '"',
  "/": "/",
  n: "\n",
  r: "\r",
  t: "\t",
  "0": "\0",
};

/** Whether a scalar that begins like this is no more than its text. */
function isPlainText(text: string): boolean {
  return text !== "" && !/^(?:[?:,[\]{}#&*!|>'"%@`]|-(?: |$))| $| #/.test(text);
}

/** A plain scalar by YAML's core schema, as far as there is no doubt about its number; digits after a leading zero are left to the parser's reader. */
function readTyped(text: string): ScalarTree["value"] {
  if (/^(?:~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return Number(text);
  return /^[-+.\d]/.test(text) && /^[-+.\doxa-fA-FinIN_eE]+$/.test(text) && looksNumeric(text) ? notPlain() : text;
}

function looksNumeric(text: string): boolean {
  return /^[-+]?(?:\.?\d+|\d+\.\d*)(?:\.\d*)?(?:[eE][-+]?\d+)?$|^0[ox]|^[-+]?\.(?:inf|nan)$/i.test(text);
}
