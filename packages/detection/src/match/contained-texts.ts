import { LOWER } from "../fold.ts";
import type { FieldSlot } from "./field-slot.ts";
import { type Marks, type Rows, packRows } from "./marks.ts";

const GRAM = 4;
/** Bits of the filter for each gram that is looked for, as a power of two, and the bounds of the filter as powers of two. */
const SPARSENESS = 4;
const FILTER = { least: 10, most: 18 } as const;
/** Characters of command lines and paths, the most frequent first: a short text is looked for by its character that comes last here or not at all. */
const FREQUENT = "eaitnorsc\\lmd.wpu 0-h/1g:fvbx2y345k_\"6789,=z;jq%&'()+$@#!{}[]<>*?|^~`";
/** In the table of characters: some short text is known by the character. */
const KNOWN = 0x100;

/**
 * Finds which of many folded texts lie in a value. A text of four characters or more is known by one of its four-character grams, one
 * that few other texts have; a bit set tells for each gram of the value whether any text has it. A shorter text is known by its rarest
 * character. Only then texts are compared. The value is read as it is, letters of ASCII lowered on the way, and folded only for a
 * comparison or when it is not ASCII.
 */
export class ContainedTexts {
  readonly #texts: string[] = [];
  /** Where the gram or character that a text is known by stands in it. */
  readonly #offsets: Int32Array;
  readonly #entries: Rows;
  readonly #always: Int32Array;
  readonly #characters = Uint16Array.from(LOWER);
  readonly #filter: Uint32Array;
  readonly #filterShift: number;
  /** Grams by open addressing; the bucket of a gram is a row of `#longTexts`. */
  readonly #gramMask: number;
  readonly #grams: Int32Array;
  readonly #buckets: Int32Array;
  readonly #longTexts: Rows;
  /** Rows of short texts by the character they are known by. */
  readonly #byCharacter = new Map<number, number>();
  readonly #shortTexts: Rows;
  readonly #hasLong: boolean;

  constructor(texts: ReadonlyMap<string, readonly number[]>) {
    const entries: (readonly number[])[] = [];
    const always: number[] = [];
    const offsets: number[] = [];
    const short: number[][] = [];
    const long: [number, number][] = [];
    for (const [text, numbers] of texts) {
      if (text === "") {
        always.push(...numbers);
        continue;
      }
      const id = this.#texts.length;
      this.#texts.push(text);
      entries.push(numbers);
      offsets.push(0);
      if (text.length < GRAM) {
        const offset = rarestCharacter(text);
        offsets[id] = offset;
        const unit = text.charCodeAt(offset);
        this.#characters[unit & 0xff]! |= KNOWN;
        const row = this.#byCharacter.get(unit) ?? short.length;
        this.#byCharacter.set(unit, row);
        (short[row] ??= []).push(id);
      } else long.push([id, text.length]);
    }
    for (let unit = 0; unit < LOWER.length; unit++) this.#characters[unit] = this.#characters[LOWER[unit]!]!;
    const buckets = new Map<number, number[]>();
    const common = new Map<number, number>();
    for (const [id] of long)
      for (const gram of new Set(gramsOf(this.#texts[id]!))) common.set(gram, (common.get(gram) ?? 0) + 1);
    // Texts with the least choice first; a gram that is taken counts as common, so that hardly any two texts share one.
    long.sort((a, b) => a[1] - b[1]);
    for (const [id] of long) {
      const grams = gramsOf(this.#texts[id]!);
      let best = 0;
      let least = Infinity;
      for (const [offset, gram] of grams.entries()) {
        const cost = (common.get(gram) ?? 0) + 8 * (buckets.get(gram)?.length ?? 0);
        if (cost >= least) continue;
        least = cost;
        best = offset;
      }
      offsets[id] = best;
      const gram = grams[best]!;
      const bucket = buckets.get(gram);
      if (bucket === undefined) buckets.set(gram, [id]);
      else bucket.push(id);
    }
    const bits = Math.ceil(Math.log2(buckets.size + 1)) + SPARSENESS;
    const filterBits = Math.min(FILTER.most, Math.max(FILTER.least, bits));
    this.#filter = new Uint32Array(2 ** (filterBits - 5));
    this.#filterShift = 32 - filterBits;
    const capacity = 2 ** Math.ceil(Math.log2(buckets.size * 2 + 2));
    this.#gramMask = capacity - 1;
    this.#grams = new Int32Array(capacity);
    this.#buckets = new Int32Array(capacity).fill(-1);
    const rows: number[][] = [];
    for (const [gram, ids] of buckets) {
      const hash = Math.imul(gram, 0x9e3779b1);
      const bit = hash >>> this.#filterShift;
      this.#filter[bit >>> 5]! |= 1 << (bit & 31);
      let at = (hash >>> 3) & this.#gramMask;
      while (this.#buckets[at] !== -1) at = (at + 1) & this.#gramMask;
      this.#grams[at] = gram;
      this.#buckets[at] = rows.length;
      rows.push(ids);
    }
    this.#hasLong = rows.length > 0;
    this.#longTexts = packRows(rows);
    this.#shortTexts = packRows(short);
    this.#offsets = Int32Array.from(offsets);
    this.#entries = packRows(entries);
    this.#always = Int32Array.from(always);
  }

  /** Reports the numbers under every text that lies in the value. */
  search(slot: FieldSlot, value: number, marks: Marks): void {
    if (this.#always.length > 0) marks.addAll(this.#always, 0, this.#always.length);
    // Beyond ASCII lowering is more than a table: such a value is folded and read again.
    const raw = slot.raw[value]!;
    if (!this.#scan(raw, slot, value, marks)) this.#scan(slot.foldedAt(value), slot, value, marks);
  }

  /** Says whether the text is ASCII; if not, texts may have been missed unless it is folded. */
  #scan(text: string, slot: FieldSlot, value: number, marks: Marks): boolean {
    const characters = this.#characters;
    const filter = this.#filter;
    const shift = this.#filterShift;
    let gram = 0;
    let seen = 0;
    if (!this.#hasLong) {
      for (let index = 0; index < text.length; index++) {
        const unit = text.charCodeAt(index);
        seen |= unit;
        if (characters[unit & 0xff]! >= KNOWN) this.#compareShort(slot, value, index, marks);
      }
      return seen < 128;
    }
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      seen |= unit;
      const character = characters[unit & 0xff]!;
      if (character >= KNOWN) this.#compareShort(slot, value, index, marks);
      gram = (gram >>> 8) | (character << 24);
      const hash = Math.imul(gram, 0x9e3779b1);
      const bit = hash >>> shift;
      if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0)
        this.#compareLong(gram, hash, slot, value, index - GRAM + 1, marks);
    }
    return seen < 128;
  }

  #compareLong(gram: number, hash: number, slot: FieldSlot, value: number, position: number, marks: Marks): void {
    let at = (hash >>> 3) & this.#gramMask;
    for (;;) {
      const bucket = this.#buckets[at]!;
      if (bucket < 0) return;
      if (this.#grams[at] === gram) {
        this.#compare(this.#longTexts, bucket, slot, value, position, marks);
        return;
      }
      at = (at + 1) & this.#gramMask;
    }
  }

  #compareShort(slot: FieldSlot, value: number, position: number, marks: Marks): void {
    const row = this.#byCharacter.get(slot.foldedAt(value).charCodeAt(position));
    if (row !== undefined) this.#compare(this.#shortTexts, row, slot, value, position, marks);
  }

  /** Compares the texts known by what stands at a position of the value. */
  #compare(rows: Rows, row: number, slot: FieldSlot, value: number, position: number, marks: Marks): void {
    const folded = slot.foldedAt(value);
    const { starts, entries } = this.#entries;
    for (let index = rows.starts[row]!; index < rows.starts[row + 1]!; index++) {
      const id = rows.entries[index]!;
      const start = position - this.#offsets[id]!;
      if (start >= 0 && folded.startsWith(this.#texts[id]!, start)) marks.addAll(entries, starts[id]!, starts[id + 1]!);
    }
  }
}

function rarestCharacter(text: string): number {
  let best = 0;
  for (let index = 1; index < text.length; index++)
    if (rareness(text.charAt(index)) > rareness(text.charAt(best))) best = index;
  return best;
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
