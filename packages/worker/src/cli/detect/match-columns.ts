import { type ChunkMatches, type FactForm, type FactPart, MATCH_COLUMN, MATCH_WIDTH, NONE } from "./chunk.ts";
import { lineTail } from "./finding-line.ts";

/** Gathers the matches of one chunk. */
export class MatchColumns {
  readonly #form: FactForm;
  #columns = new Int32Array(256 * MATCH_WIDTH);
  #used = 0;
  #tails = "";
  #tailCount = 0;
  /** Matches of one event mostly have one entity list, and then one tail. */
  #lastEvent = NONE;
  #lastEntities: FactPart["entities"] | undefined;
  readonly #facts: FactPart[] = [];

  constructor(form: FactForm) {
    this.#form = form;
  }

  /** @param counted whether a correlation counts the facts of the rule */
  add(event: number, rule: number, fact: FactPart, counted: boolean): void {
    const at = this.#used;
    if (at === this.#columns.length) {
      const larger = new Int32Array(at * 4);
      larger.set(this.#columns);
      this.#columns = larger;
    }
    const columns = this.#columns;
    columns[at + MATCH_COLUMN.event] = event;
    columns[at + MATCH_COLUMN.rule] = rule;
    columns[at + MATCH_COLUMN.tail] = fact.alerts ? this.#tail(event, fact) : NONE;
    columns[at + MATCH_COLUMN.fact] = counted || this.#form === "findings" ? this.#facts.push(fact) - 1 : NONE;
    this.#used = at + MATCH_WIDTH;
  }

  #tail(event: number, { time, entities }: FactPart): number {
    if (this.#form !== "lines") return 0;
    if (event !== this.#lastEvent || entities !== this.#lastEntities) {
      this.#tails += lineTail(time, entities);
      this.#tails += "\n";
      this.#tailCount++;
      this.#lastEvent = event;
      this.#lastEntities = entities;
    }
    return this.#tailCount - 1;
  }

  finish(): ChunkMatches {
    return { columns: this.#columns.slice(0, this.#used), tails: this.#tails, facts: this.#facts };
  }
}
