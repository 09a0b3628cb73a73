import { LOWER } from "../fold.ts";
import type { FieldSlot } from "./field-slot.ts";
import { type Marks, type Rows, packRows } from "./marks.ts";
import { BYTES, WORDS, writeAscii } from "./scratch.ts";

const GRAM = 4;
/** Makes letters of ASCII small, four at a time; other characters may become the same, which only costs a comparison. */
const SMALL = 0x20202020;
/** Spreads grams over the filter and the table. */
const SPREAD = 0x9e3779b1;
/** Bits of the filter for each gram that is looked for, as a power of two, and the bounds of the filter as powers of two. */
const SPARSENESS = 4;
const FILTER = { least: 13, most: 18 } as const;
/** What another text with the same gram costs, in texts that have the gram somewhere. */
const SHARING = 8;
/** Pairs of bytes. */
const PAIRS = 2 ** 16;
/** Shorter values are read where they are. */
const LEAST_COPIED = 12;
/** Characters of command lines and paths, the most frequent first: a short text is looked for by those that come last here or not at all. */
const FREQUENT = "eaitnorsc\\lmd.wpu 0-h/1g:fvbx2y345k_\"6789,=z;jq%&'()+$@#!{}[]<>*?|^~`";

/**
 * Finds which of many folded texts lie in a value. Of a text of four characters or more some four-character grams are known that few other
 * texts have: one, or when all texts are long enough two or four neighbours, so that only every second or fourth position of a value has
 * to be looked at. A bit set tells for a gram of the value whether any text has it. A shorter text is known by two neighbours. Only then
 * texts are compared.
 */
export class ContainedTexts {
  readonly #texts: string[] = [];
  readonly #entries: Rows;
  readonly #always: Int32Array;
  /** The fewest characters of a text, and whether there are texts of each kind. */
  #leastLength = Infinity;
  #hasLong = false;
  /** Every how many positions a gram of a value is looked at. */
  readonly #stride: 1 | 2 | 4;
  readonly #filter: Uint32Array;
  readonly #filterShift: number;
  /** Grams by open addressing; the bucket of a gram is a row of `#bucketTexts`. */
  readonly #gramMask: number;
  readonly #grams: Int32Array;
  readonly #buckets: Int32Array;
  readonly #bucketTexts: Rows;
  /** Where the gram of the bucket stands in each of its texts. */
  readonly #bucketOffsets: Int32Array;
  /** Texts of two or three characters by two neighbours of theirs, and a bit for each such pair; those of ASCII by themselves. */
  readonly #pairs = new Map<number, Place[]>();
  readonly #pairFilter = new Uint32Array(PAIRS >>> 5);
  readonly #asciiPairFilter = new Uint32Array(PAIRS >>> 5);
  #hasAsciiPairs = false;
  /** Texts of one character; those of ASCII by themselves. */
  readonly #ones = new Map<number, number>();
  readonly #asciiOnes: number[] = [];

  constructor(texts: ReadonlyMap<string, readonly number[]>) {
    const entries: (readonly number[])[] = [];
    const always: number[] = [];
    const long: number[] = [];
    for (const [text, numbers] of texts) {
      if (text === "") {
        always.push(...numbers);
        continue;
      }
      const id = this.#texts.length;
      this.#texts.push(text);
      entries.push(numbers);
      this.#leastLength = Math.min(this.#leastLength, text.length);
      if (text.length >= GRAM) long.push(id);
      else this.#addShort(text, id);
    }
    this.#entries = packRows(entries);
    this.#always = Int32Array.from(always);
    this.#hasLong = long.length > 0;
    const least = Math.min(...long.map((id) => this.#texts[id]!.length));
    this.#stride = least >= GRAM + 3 ? 4 : least > GRAM ? 2 : 1;
    const buckets = chooseGrams(
      long.map((id) => ({ id, grams: gramsOf(this.#texts[id]!) })),
      this.#stride,
    );
    const bits = Math.ceil(Math.log2(buckets.size + 1)) + SPARSENESS;
    const filterBits = Math.min(FILTER.most, Math.max(FILTER.least, bits));
    this.#filter = new Uint32Array(2 ** (filterBits - 5));
    this.#filterShift = 32 - filterBits;
    const capacity = 2 ** Math.ceil(Math.log2(buckets.size * 2 + 2));
    this.#gramMask = capacity - 1;
    this.#grams = new Int32Array(capacity);
    this.#buckets = new Int32Array(capacity).fill(-1);
    for (const [row, gram] of [...buckets.keys()].entries()) {
      const hash = Math.imul(gram, SPREAD);
      const bit = hash >>> this.#filterShift;
      this.#filter[bit >>> 5]! |= 1 << (bit & 31);
      let at = (hash >>> 3) & this.#gramMask;
      while (this.#buckets[at] !== -1) at = (at + 1) & this.#gramMask;
      this.#grams[at] = gram;
      this.#buckets[at] = row;
    }
    this.#bucketTexts = packRows([...buckets.values()].map((places) => places.map(({ id }) => id)));
    this.#bucketOffsets = Int32Array.from(
      [...buckets.values()].flatMap((places) => places.map(({ offset }) => offset)),
    );
  }

  /** Reports the numbers under every text that lies in the value. False when it is left to the caller to search joined values one by one. */
  search(slot: FieldSlot, value: number, marks: Marks): boolean {
    if (this.#always.length > 0) marks.addAll(this.#always, 0, this.#always.length);
    const raw = slot.raw[value]!;
    const { length } = raw;
    if (length < this.#leastLength) return true;
    if (length < LEAST_COPIED || !writeAscii(raw)) {
      if (slot.isJoined) return false;
      this.#read(slot, value, marks);
      return true;
    }
    if (this.#hasLong) this.#scanWords(length, marks);
    if (this.#hasAsciiPairs) this.#scanPairs(length, marks);
    for (const id of this.#asciiOnes) if (slot.foldedAt(value).includes(this.#texts[id]!)) this.#report(id, marks);
    return true;
  }

  /** Looks for grams in the scratch bytes. */
  #scanWords(length: number, marks: Marks): void {
    const words = WORDS;
    const filter = this.#filter;
    const shift = this.#filterShift;
    const stride = this.#stride;
    const last = length >>> 2;
    if (stride === 4) {
      for (let index = 0; index < last; index++) {
        const gram = words[index]! | SMALL;
        const bit = Math.imul(gram, SPREAD) >>> shift;
        if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0)
          this.#compareLong(gram, index * 4, length, undefined, marks);
      }
      return;
    }
    // Beyond the last word are the rest of the text and what is left of others: comparing tells.
    let word = words[0]! | SMALL;
    for (let index = 0; index < last; index++) {
      const next = words[index + 1]! | SMALL;
      let bit = Math.imul(word, SPREAD) >>> shift;
      if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0) this.#compareLong(word, index * 4, length, undefined, marks);
      let gram = (word >>> 16) | (next << 16);
      bit = Math.imul(gram, SPREAD) >>> shift;
      if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0)
        this.#compareLong(gram, index * 4 + 2, length, undefined, marks);
      if (stride === 1) {
        gram = (word >>> 8) | (next << 24);
        bit = Math.imul(gram, SPREAD) >>> shift;
        if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0)
          this.#compareLong(gram, index * 4 + 1, length, undefined, marks);
        gram = (word >>> 24) | (next << 8);
        bit = Math.imul(gram, SPREAD) >>> shift;
        if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0)
          this.#compareLong(gram, index * 4 + 3, length, undefined, marks);
      }
      word = next;
    }
  }

  /** Looks for pairs in the scratch bytes. */
  #scanPairs(length: number, marks: Marks): void {
    const filter = this.#asciiPairFilter;
    let pair = 0;
    for (let index = 0; index < length; index++) {
      pair = ((pair << 8) | BYTES[index]! | 0x20) & 0xffff;
      if ((filter[pair >>> 5]! & (1 << (pair & 31))) !== 0)
        this.#comparePair(pair, index - 1, length, undefined, marks);
    }
  }

  /** Looks for everything in the folded value itself. */
  #read(slot: FieldSlot, value: number, marks: Marks): void {
    const text = slot.foldedAt(value);
    const filter = this.#filter;
    const shift = this.#filterShift;
    const pairFilter = this.#pairFilter;
    const hasOnes = this.#ones.size > 0;
    let gram = 0;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (hasOnes) {
        const one = this.#ones.get(unit);
        if (one !== undefined) this.#report(one, marks);
      }
      gram = (gram >>> 8) | (((unit & 0xff) | 0x20) << 24);
      const pair = ((gram >>> 8) & 0xff00) | (gram >>> 24);
      if ((pairFilter[pair >>> 5]! & (1 << (pair & 31))) !== 0)
        this.#comparePair(pair, index - 1, text.length, text, marks);
      const bit = Math.imul(gram, SPREAD) >>> shift;
      if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0)
        this.#compareLong(gram, index - GRAM + 1, text.length, text, marks);
    }
  }

  #addShort(text: string, id: number): void {
    // eslint-disable-next-line no-control-regex
    const isAscii = /^[\0-\x7f]*$/.test(text);
    if (text.length === 1) {
      this.#ones.set(text.charCodeAt(0), id);
      if (isAscii) this.#asciiOnes.push(id);
      return;
    }
    const offset = text.length === 3 && rareness(text, 1) > rareness(text, 0) ? 1 : 0;
    const pair = pairAt(text, offset);
    const set = (filter: Uint32Array): void => {
      filter[pair >>> 5]! |= 1 << (pair & 31);
    };
    set(this.#pairFilter);
    if (isAscii) {
      set(this.#asciiPairFilter);
      this.#hasAsciiPairs = true;
    }
    const known = this.#pairs.get(pair);
    if (known === undefined) this.#pairs.set(pair, [{ id, offset }]);
    else known.push({ id, offset });
  }

  /**
   * Compares the texts that have the gram with what stands around it in a folded value of that length, or without one in the scratch bytes.
   */
  #compareLong(gram: number, position: number, length: number, folded: string | undefined, marks: Marks): void {
    let at = (Math.imul(gram, SPREAD) >>> 3) & this.#gramMask;
    let row = this.#buckets[at]!;
    while (row >= 0 && this.#grams[at] !== gram) {
      at = (at + 1) & this.#gramMask;
      row = this.#buckets[at]!;
    }
    if (row < 0) return;
    const { starts, entries } = this.#bucketTexts;
    for (let index = starts[row]!; index < starts[row + 1]!; index++)
      this.#compare(entries[index]!, position - this.#bucketOffsets[index]!, length, folded, marks);
  }

  #comparePair(pair: number, position: number, length: number, folded: string | undefined, marks: Marks): void {
    const known = this.#pairs.get(pair);
    if (known === undefined) return;
    for (const { id, offset } of known) this.#compare(id, position - offset, length, folded, marks);
  }

  #compare(id: number, start: number, length: number, folded: string | undefined, marks: Marks): void {
    const text = this.#texts[id]!;
    if (start < 0 || start + text.length > length) return;
    if (folded === undefined ? isInScratch(text, start) : folded.startsWith(text, start)) this.#report(id, marks);
  }

  #report(id: number, marks: Marks): void {
    const { starts, entries } = this.#entries;
    marks.addAll(entries, starts[id]!, starts[id + 1]!);
  }
}

/** Whether a folded text stands in the scratch bytes, of which the letters are not folded. */
function isInScratch(text: string, start: number): boolean {
  for (let index = 0; index < text.length; index++)
    if (LOWER[BYTES[start + index]!] !== text.charCodeAt(index)) return false;
  return true;
}

interface Place {
  readonly id: number;
  readonly offset: number;
}

/** For each text as many neighbouring grams as the stride has positions, such that grams are shared by few texts. */
function chooseGrams(
  texts: readonly { readonly id: number; readonly grams: readonly number[] }[],
  stride: number,
): ReadonlyMap<number, readonly Place[]> {
  const common = new Map<number, number>();
  for (const { grams } of texts) for (const gram of new Set(grams)) common.set(gram, (common.get(gram) ?? 0) + 1);
  const buckets = new Map<number, Place[]>();
  const cost = (gram: number): number =>
    (common.get(gram) ?? 0) + SHARING * (buckets.get(gram)?.length ?? 0) + frequency(gram);
  // Those with the least choice first.
  for (const { id, grams } of texts.toSorted((a, b) => a.grams.length - b.grams.length)) {
    let best = 0;
    let least = Infinity;
    for (let start = 0; start + stride <= grams.length; start++) {
      let sum = 0;
      for (let step = 0; step < stride; step++) sum += cost(grams[start + step]!);
      if (sum >= least) continue;
      least = sum;
      best = start;
    }
    for (let offset = best; offset < best + stride; offset++) {
      const gram = grams[offset]!;
      const places = buckets.get(gram);
      if (places === undefined) buckets.set(gram, [{ id, offset }]);
      else places.push({ id, offset });
    }
  }
  return buckets;
}

/** What a gram of the most frequent characters costs, in texts that have the gram somewhere. */
const FREQUENCY = 4;
const RANKS = Float64Array.from({ length: 256 }, (_, unit) => {
  const rank = FREQUENT.indexOf(String.fromCharCode(unit));
  return rank < 0 ? 1 : rank / FREQUENT.length;
});

/** How often a gram is in values: an estimate from its characters alone. */
function frequency(gram: number): number {
  const ranks =
    RANKS[gram & 0xff]! + RANKS[(gram >>> 8) & 0xff]! + RANKS[(gram >>> 16) & 0xff]! + RANKS[(gram >>> 24) & 0xff]!;
  return FREQUENCY * (1 - ranks / GRAM);
}

function pairAt(text: string, offset: number): number {
  return (((text.charCodeAt(offset) & 0xff) | 0x20) << 8) | (text.charCodeAt(offset + 1) & 0xff) | 0x20;
}

/** How rare two neighbours are: the higher the rarer. */
function rareness(text: string, offset: number): number {
  const rank = (char: string): number => (FREQUENT.includes(char) ? FREQUENT.indexOf(char) : FREQUENT.length);
  return rank(text.charAt(offset)) + rank(text.charAt(offset + 1));
}

function gramsOf(text: string): number[] {
  const grams: number[] = [];
  let gram = 0;
  for (let index = 0; index < text.length; index++) {
    gram = (gram >>> 8) | (((text.charCodeAt(index) & 0xff) | 0x20) << 24);
    if (index >= GRAM - 1) grams.push(gram);
  }
  return grams;
}
