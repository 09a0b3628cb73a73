/** Called with each number stored under a text that was found. */
export type Found = (entry: number) => void;

const GRAM = 4;
const FILTER_BITS = 17;

/** Finds which of many texts are the value, start it, end it or lie in it, at a cost that hardly depends on their number. */
export class TextIndex {
  readonly #whole = new Map<string, number[]>();
  readonly #start = createTrie();
  readonly #end = createTrie();
  readonly #short: { readonly text: string; readonly entries: number[] }[] = [];
  readonly #long = new Map<string, number[]>();
  #grams: GramIndex | undefined;
  #hasStart = false;
  #hasEnd = false;

  /** Stores a number under a text; every text must be added before the first search. */
  add(position: "whole" | "start" | "end" | "anywhere", text: string, entry: number): void {
    if (position === "whole") push(this.#whole, text, entry);
    else if (position === "start") {
      this.#hasStart = true;
      insert(this.#start, text, entry, false);
    } else if (position === "end") {
      this.#hasEnd = true;
      insert(this.#end, text, entry, true);
    } else if (text.length >= GRAM) push(this.#long, text, entry);
    else {
      const same = this.#short.find((item) => item.text === text);
      if (same === undefined) this.#short.push({ text, entries: [entry] });
      else same.entries.push(entry);
    }
  }

  /** Reports the numbers under every text that is found; a number may come more than once. */
  search(value: string, found: Found): void {
    if (this.#whole.size > 0) report(this.#whole.get(value), found);
    if (this.#hasStart) {
      let node: TrieNode | undefined = this.#start;
      for (let index = 0; node !== undefined; index++) {
        report(node.entries, found);
        node = index < value.length ? node.next.get(value.charCodeAt(index)) : undefined;
      }
    }
    if (this.#hasEnd) {
      let node: TrieNode | undefined = this.#end;
      for (let index = value.length - 1; node !== undefined; index--) {
        report(node.entries, found);
        node = index >= 0 ? node.next.get(value.charCodeAt(index)) : undefined;
      }
    }
    for (const { text, entries } of this.#short) if (value.includes(text)) report(entries, found);
    if (this.#long.size > 0) {
      this.#grams ??= new GramIndex(this.#long);
      this.#grams.search(value, found);
    }
  }
}

interface TrieNode {
  readonly next: Map<number, TrieNode>;
  entries: number[] | undefined;
}

function createTrie(): TrieNode {
  return { next: new Map(), entries: undefined };
}

function insert(root: TrieNode, text: string, entry: number, backwards: boolean): void {
  let node = root;
  for (let step = 0; step < text.length; step++) {
    const unit = text.charCodeAt(backwards ? text.length - 1 - step : step);
    let next = node.next.get(unit);
    if (next === undefined) {
      next = createTrie();
      node.next.set(unit, next);
    }
    node = next;
  }
  (node.entries ??= []).push(entry);
}

interface Placed {
  readonly text: string;
  /** Where the gram stands in the text. */
  readonly offset: number;
  readonly entries: readonly number[];
}

/**
 * Each text is known by one of its four-character grams, the rarest among all texts. A bit set tells for each gram of the value whether
 * any text has it; only then the texts are compared.
 */
class GramIndex {
  readonly #filter = new Uint32Array(2 ** (FILTER_BITS - 5));
  readonly #byGram = new Map<number, Placed[]>();

  constructor(texts: ReadonlyMap<string, readonly number[]>) {
    const counts = new Map<number, number>();
    for (const text of texts.keys()) for (const gram of new Set(gramsOf(text))) counts.set(gram, (counts.get(gram) ?? 0) + 1);
    for (const [text, entries] of texts) {
      const grams = gramsOf(text);
      let best = 0;
      for (let index = 1; index < grams.length; index++) {
        if ((counts.get(grams[index] ?? 0) ?? 0) < (counts.get(grams[best] ?? 0) ?? 0)) best = index;
      }
      const gram = grams[best] ?? 0;
      const bit = bitOf(gram);
      this.#filter[bit >>> 5] = (this.#filter[bit >>> 5] ?? 0) | (1 << (bit & 31));
      const placed: Placed = { text, offset: best, entries };
      const same = this.#byGram.get(gram);
      if (same === undefined) this.#byGram.set(gram, [placed]);
      else same.push(placed);
    }
  }

  search(value: string, found: Found): void {
    const filter = this.#filter;
    let gram = 0;
    for (let index = 0; index < value.length; index++) {
      gram = (gram >>> 8) | ((value.charCodeAt(index) & 0xff) << 24);
      if (index < GRAM - 1) continue;
      const bit = Math.imul(gram, 0x9e3779b1) >>> (32 - FILTER_BITS);
      if (((filter[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) continue;
      const candidates = this.#byGram.get(gram);
      if (candidates === undefined) continue;
      for (const { text, offset, entries } of candidates) {
        if (value.startsWith(text, index - GRAM + 1 - offset)) report(entries, found);
      }
    }
  }
}

function gramsOf(text: string): number[] {
  const grams: number[] = [];
  let gram = 0;
  for (let index = 0; index < text.length; index++) {
    gram = (gram >>> 8) | ((text.charCodeAt(index) & 0xff) << 24);
    if (index >= GRAM - 1) grams.push(gram);
  }
  return grams;
}

const bitOf = (gram: number): number => Math.imul(gram, 0x9e3779b1) >>> (32 - FILTER_BITS);

function push(map: Map<string, number[]>, text: string, entry: number): void {
  const entries = map.get(text);
  if (entries === undefined) map.set(text, [entry]);
  else entries.push(entry);
}

function report(entries: readonly number[] | undefined, found: Found): void {
  if (entries === undefined) return;
  for (const entry of entries) found(entry);
}
