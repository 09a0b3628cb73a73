import type { FieldSlot } from "./field-slot.ts";
import { ContainedTexts, type Found } from "./contained-texts.ts";

/** Finds which of many texts are the value, start it, end it or lie in it, at a cost that hardly depends on their number. */
export class TextIndex {
  readonly #whole = new Map<string, number[]>();
  readonly #start = createTrie();
  readonly #end = createTrie();
  readonly #contained = new Map<string, number[]>();
  #scanner: ContainedTexts | undefined;
  #hasStart = false;
  #hasEnd = false;

  /** Stores a number under a folded text; every text must be added before the first search. */
  add(position: "whole" | "start" | "end" | "anywhere", text: string, entry: number): void {
    if (position === "whole") push(this.#whole, text, entry);
    else if (position === "anywhere") push(this.#contained, text, entry);
    else if (position === "start") {
      this.#hasStart = true;
      insert(this.#start, text, entry, false);
    } else {
      this.#hasEnd = true;
      insert(this.#end, text, entry, true);
    }
  }

  /** Reports the numbers under every text that is found in a value of a field; a number may come more than once. */
  search(slot: FieldSlot, value: number, found: Found): void {
    if (this.#whole.size > 0) report(this.#whole.get(slot.foldedAt(value)), found);
    if (this.#hasStart) {
      const text = slot.foldedAt(value);
      let node: TrieNode | undefined = this.#start;
      for (let index = 0; node !== undefined; index++) {
        report(node.entries, found);
        node = index < text.length ? node.next.get(text.charCodeAt(index)) : undefined;
      }
    }
    if (this.#hasEnd) {
      const text = slot.foldedAt(value);
      let node: TrieNode | undefined = this.#end;
      for (let index = text.length - 1; node !== undefined; index--) {
        report(node.entries, found);
        node = index >= 0 ? node.next.get(text.charCodeAt(index)) : undefined;
      }
    }
    if (this.#contained.size === 0) return;
    this.#scanner ??= new ContainedTexts(this.#contained);
    this.#scanner.search(slot, value, found);
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

function push(map: Map<string, number[]>, text: string, entry: number): void {
  const entries = map.get(text);
  if (entries === undefined) map.set(text, [entry]);
  else entries.push(entry);
}

function report(entries: readonly number[] | undefined, found: Found): void {
  if (entries === undefined) return;
  for (const entry of entries) found(entry);
}
