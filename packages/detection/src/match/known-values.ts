import { fold, foldDashes } from "../fold.ts";

/** What was found out about a value of a field by now. */
export class KnownValue {
  readonly #text: string;
  #folded: string | undefined;
  #dashed: string | undefined;
  /** Whether predicates hold, by their id; read and written by whoever answers them. */
  readonly answers = new Map<number, boolean>();
  #lastIndex = -1;
  #lastFound: readonly number[] | undefined;
  readonly #indexes: number[] = [];
  readonly #found: (readonly number[])[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** The value folded (fold.ts). */
  get folded(): string {
    return (this.#folded ??= fold(this.#text));
  }

  /** The value folded, with every dash of `windash` as `-`. */
  get dashed(): string {
    return (this.#dashed ??= foldDashes(this.folded));
  }

  /** What a search with an index reported, undefined when it is not known. */
  foundBy(index: number): readonly number[] | undefined {
    if (this.#lastIndex === index) return this.#lastFound;
    const indexes = this.#indexes;
    for (let place = 0; place < indexes.length; place++) if (indexes[place] === index) return this.#found[place];
    return undefined;
  }

  /** Keeps what a search with an index reported. */
  keep(index: number, found: readonly number[]): void {
    if (this.#indexes.length >= MAX_INDEXES) {
      this.#indexes.length = 0;
      this.#found.length = 0;
    }
    this.#lastIndex = index;
    this.#lastFound = found;
    this.#indexes.push(index);
    this.#found.push(found);
  }
}

/** Searches whose results are kept for a value; of more, all are forgotten. */
const MAX_INDEXES = 8;

/** Values of a generation: what was seen in neither this nor the last one is forgotten. */
const GENERATION = 1_024;
/** Characters of a generation. */
const MAX_CHARACTERS = 512 * 1_024;
/** Longer values are not remembered. */
const MAX_LENGTH = 8_192;
/** Share of values that have to be known for remembering to be worth what it costs. */
const LEAST_KNOWN = 1 / 4;
/** Values that are not looked up once that was not so. */
const PAUSE = 16_384;

/**
 * Remembers the values that a field had of late: those of most fields come again and again. Where they do not, nothing is remembered for
 * a while. Memory is bounded by the number and length of values.
 */
export class KnownValues {
  #young = new Map<string, KnownValue>();
  #old = new Map<string, KnownValue>();
  #characters = 0;
  #asked = 0;
  #new = 0;
  #pause = 0;

  /** What is known of a value; undefined when it is not remembered. */
  of(text: string): KnownValue | undefined {
    if (this.#pause > 0) {
      this.#pause--;
      return undefined;
    }
    this.#asked++;
    return this.#young.get(text) ?? this.#take(text);
  }

  #take(text: string): KnownValue | undefined {
    if (text.length > MAX_LENGTH) return undefined;
    let known = this.#old.get(text);
    if (known === undefined) {
      known = new KnownValue(text);
      this.#new++;
    }
    this.#young.set(text, known);
    this.#characters += text.length;
    if (this.#young.size >= GENERATION || this.#characters >= MAX_CHARACTERS) this.#turn();
    return known;
  }

  #turn(): void {
    this.#old = this.#young;
    this.#young = new Map();
    if (this.#new > this.#asked * (1 - LEAST_KNOWN)) {
      this.#old = new Map();
      this.#pause = PAUSE;
    }
    this.#characters = 0;
    this.#asked = 0;
    this.#new = 0;
  }
}
