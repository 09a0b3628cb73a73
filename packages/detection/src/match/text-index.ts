import type { Position } from "../signature.ts";
import { ContainedTexts } from "./contained-texts.ts";
import type { FieldSlot } from "./field-slot.ts";
import type { Marks } from "./marks.ts";
import { TextTrie } from "./text-trie.ts";

/** Finds which of many texts are the value, start it, end it or lie in it, at a cost that hardly depends on their number. */
export class TextIndex {
  /** Tells it from others of the same table. */
  readonly id: number;
  #forwards: TextTrie | undefined;
  #backwards: TextTrie | undefined;
  #contained: Map<string, number[]> | undefined;
  #scanner: ContainedTexts | undefined;

  constructor(id = -1) {
    this.id = id;
  }

  /** Stores a number under a folded text; every text must be added before the first search. */
  add(position: Position, text: string, entry: number): void {
    if (position === "anywhere") {
      this.#contained ??= new Map();
      const entries = this.#contained.get(text);
      if (entries === undefined) this.#contained.set(text, [entry]);
      else entries.push(entry);
    } else if (position === "start") (this.#forwards ??= new TextTrie(false)).add(text, entry, false);
    else (this.#backwards ??= new TextTrie(true)).add(text, entry, position === "whole");
  }

  /** The texts, when all may lie anywhere and none was looked for yet. */
  containedTexts(): readonly string[] | undefined {
    if (this.#forwards !== undefined || this.#backwards !== undefined || this.#contained === undefined)
      return undefined;
    return [...this.#contained.keys()];
  }

  /** Reports the numbers under every text that is found in a value of a field. False when joined values have to be searched one by one. */
  search(slot: FieldSlot, value: number, marks: Marks): boolean {
    const raw = slot.raw[value]!;
    const backwards = this.#backwards;
    if (backwards !== undefined && !backwards.walk(raw, false, marks))
      backwards.walk(slot.foldedAt(value), true, marks);
    const forwards = this.#forwards;
    if (forwards !== undefined && !forwards.walk(raw, false, marks)) forwards.walk(slot.foldedAt(value), true, marks);
    if (this.#contained !== undefined) {
      this.#scanner = new ContainedTexts(this.#contained);
      this.#contained = undefined;
    }
    return this.#scanner === undefined || this.#scanner.search(slot, value, marks);
  }
}
