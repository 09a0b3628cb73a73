import type { FieldSlot } from "./field-slot.ts";

/** Called with each number stored under a text that was found. */
export type Found = (entry: number) => void;

const GRAM = 4;
const FILTER_BITS = 17;

/** Characters of command lines and paths, the most frequent first: a short text is looked for by its character that comes last here or not at all. */
const FREQUENT = "eaitnorsc\\lmd.wpu 0-h/1g:fvbx2y345k_\"6789,=z;jq%&'()+$@#!{}[]<>*?|^~`";

/** Lower case of the first 256 code units, as far as it is a matter of ASCII. */
const LOWER = Uint8Array.from({ length: 256 }, (_, unit) => (unit >= 0x41 && unit <= 0x5a ? unit + 32 : unit));

interface Placed {
  readonly text: string;
  /** Where the gram or character stands in the text. */
  readonly offset: number;
  readonly entries: readonly number[];
}

/**
 * Finds which of many texts lie in a value. A text of four characters or more is known by one of its four-character grams, the rarest among all
 * texts; a bit set tells for each gram of the value whether any text has it. A shorter text is known by its rarest character. Only then texts are
 * compared. The value is read as it is, letters of ASCII lowered on the way, and folded only for a comparison or when it is not ASCII.
 */
export class ContainedTexts {
  readonly #filter = new Uint32Array(2 ** (FILTER_BITS - 5));
  readonly #byGram = new Map<number, Placed[]>();
  /** For characters below 256: whether a short text is known by it. */
  readonly #isKnownBy = new Uint8Array(256);
  readonly #byCharacter = new Map<number, Placed[]>();
  readonly #always: number[] = [];

  constructor(texts: ReadonlyMap<string, readonly number[]>) {
    const counts = new Map<number, number>();
    for (const text of texts.keys())
      for (const gram of new Set(gramsOf(text))) counts.set(gram, (counts.get(gram) ?? 0) + 1);
    for (const [text, entries] of texts) {
      if (text === "") this.#always.push(...entries);
      else if (text.length < GRAM) this.#addShort(text, entries);
      else this.#addLong(text, entries, counts);
    }
  }

  /** Reports the numbers under every text that lies in the value; a number may come more than once. */
  search(slot: FieldSlot, value: number, found: Found): void {
    for (const entry of this.#always) found(entry);
    const raw = slot.raw[value] ?? "";
    // Beyond ASCII lowering is more than a table: such a value is folded and read again.
    if (this.#byGram.size > 0 && !this.#scanGrams(raw, slot, value, found))
      this.#scanGrams(slot.foldedAt(value), slot, value, found);
    if (this.#byCharacter.size > 0) this.#scanCharacters(slot, value, found);
  }

  /** Says whether the text is ASCII; if not, matches may have been missed unless it is folded. */
  #scanGrams(text: string, slot: FieldSlot, value: number, found: Found): boolean {
    const filter = this.#filter;
    let gram = 0;
    let seen = 0;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      seen |= unit;
      gram = (gram >>> 8) | (LOWER[unit & 0xff]! << 24);
      const bit = Math.imul(gram, 0x9e3779b1) >>> (32 - FILTER_BITS);
      if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0)
        this.#compare(this.#byGram.get(gram), slot, value, index - GRAM + 1, found);
    }
    return seen < 128;
  }

  #scanCharacters(slot: FieldSlot, value: number, found: Found): void {
    const text = slot.foldedAt(value);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 256 || this.#isKnownBy[unit]) this.#compare(this.#byCharacter.get(unit), slot, value, index, found);
    }
  }

  /** Compares the texts known by what stands at a position of the value. */
  #compare(
    candidates: readonly Placed[] | undefined,
    slot: FieldSlot,
    value: number,
    position: number,
    found: Found,
  ): void {
    if (candidates === undefined) return;
    const text = slot.foldedAt(value);
    for (const candidate of candidates) {
      if (text.startsWith(candidate.text, position - candidate.offset))
        for (const entry of candidate.entries) found(entry);
    }
  }

  #addShort(text: string, entries: readonly number[]): void {
    let best = 0;
    for (let index = 1; index < text.length; index++)
      if (rareness(text.charAt(index)) > rareness(text.charAt(best))) best = index;
    const unit = text.charCodeAt(best);
    if (unit < 256) this.#isKnownBy[unit] = 1;
    place(this.#byCharacter, unit, { text, offset: best, entries });
  }

  #addLong(text: string, entries: readonly number[], counts: ReadonlyMap<number, number>): void {
    const grams = gramsOf(text);
    let best = 0;
    for (let index = 1; index < grams.length; index++)
      if ((counts.get(grams[index] ?? 0) ?? 0) < (counts.get(grams[best] ?? 0) ?? 0)) best = index;
    const gram = grams[best] ?? 0;
    const bit = Math.imul(gram, 0x9e3779b1) >>> (32 - FILTER_BITS);
    this.#filter[bit >>> 5] = (this.#filter[bit >>> 5] ?? 0) | (1 << (bit & 31));
    place(this.#byGram, gram, { text, offset: best, entries });
  }
}

function rareness(char: string): number {
  const rank = FREQUENT.indexOf(char);
  return rank < 0 ? Infinity : rank;
}

function gramsOf(text: string): number[] {
  const grams: number[] = [];
  let gram = 0;
  for (let index = 0; index < text.length; index++) {
    gram = (gram >>> 8) | (LOWER[text.charCodeAt(index) & 0xff]! << 24);
    if (index >= GRAM - 1) grams.push(gram);
  }
  return grams;
}

function place(map: Map<number, Placed[]>, key: number, placed: Placed): void {
  const same = map.get(key);
  if (same === undefined) map.set(key, [placed]);
  else same.push(placed);
}
