import type { JsonObject } from "@vedette/detection";
import type { SeverityLevel } from "@vedette/semconv";
import type { LineCounters } from "./line-options.ts";

const MAX_EXAMPLES = 5;
/** Longest example kept, in characters of JSON. */
const MAX_EXAMPLE_LENGTH = 8_192;

interface CountersBlob {
  readonly counters: LineCounters;
  readonly examples: readonly JsonObject[];
}

/** Counts what the line does; kept with its state, so that the numbers survive a restart and count nothing twice. */
export class Counters {
  #counters: LineCounters = {
    judged: 0,
    unmatched: 0,
    late: 0,
    quarantined: 0,
    failed: 0,
    excepted: 0,
    findings: { informational: 0, low: 0, medium: 0, high: 0, critical: 0 },
    alertsOpened: 0,
  };
  #examples: readonly JsonObject[] = [];

  get counters(): LineCounters {
    return this.#counters;
  }

  get examples(): readonly JsonObject[] {
    return this.#examples;
  }

  add(name: Exclude<keyof LineCounters, "findings">, count = 1): void {
    this.#counters = { ...this.#counters, [name]: this.#counters[name] + count };
  }

  finding(level: SeverityLevel): void {
    const { findings } = this.#counters;
    this.#counters = { ...this.#counters, findings: { ...findings, [level]: findings[level] + 1 } };
  }

  /** Counts an event of no log source and keeps it if there are few examples yet. */
  unmatched(document: JsonObject): void {
    this.add("unmatched");
    if (this.#examples.length >= MAX_EXAMPLES) return;
    const text = JSON.stringify(document);
    this.#examples = [
      ...this.#examples,
      text.length <= MAX_EXAMPLE_LENGTH ? document : { truncated: text.slice(0, MAX_EXAMPLE_LENGTH) },
    ];
  }

  toBlob(): string {
    const blob: CountersBlob = { counters: this.#counters, examples: this.#examples };
    return JSON.stringify(blob);
  }

  restore(text: string): void {
    const { counters, examples } = JSON.parse(text) as CountersBlob;
    this.#counters = { ...this.#counters, ...counters };
    this.#examples = examples;
  }
}
