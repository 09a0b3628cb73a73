/** What the proxy can do to a request or its answer. */
export type Fault =
  /** The answer comes so many milliseconds later, drawn evenly from the range. */
  | { readonly kind: "delay"; readonly milliseconds: readonly [from: number, to: number] }
  /** The request never reaches the node; the connection is reset. */
  | { readonly kind: "reset" }
  /** The request never reaches the node, which seems to be too busy. */
  | { readonly kind: "refuse"; readonly status: 429 | 503 }
  /** The request is carried out, and its answer breaks off somewhere in the middle. */
  | { readonly kind: "cut" }
  /** The request is carried out, and the connection ends without an answer. */
  | { readonly kind: "lose-answer" }
  /** Of a bulk request each item is left out with this probability, and answered with 429. */
  | { readonly kind: "refuse-items"; readonly share: number }
  /** The answer to a search lacks the hits of one shard: 503 where partial results are forbidden, otherwise 200 with `_shards.failed`. */
  | { readonly kind: "fail-shards" }
  /** What the node answered to the same request before, if it did since the last refresh: what a copy that lags behind may answer. */
  | { readonly kind: "stale" };

/** What rules look at. */
export interface RequestLine {
  readonly method: string;
  /** Path with leading slash and without query. */
  readonly path: string;
}

/** Says which requests meet a fault, and how often. */
export interface FaultRule {
  readonly fault: Fault;
  /** 0 to 1. */
  readonly probability: number;
  /** Left out: requests of every path. */
  readonly path?: RegExp;
  readonly method?: string;
  /** The rule is used up after so many faults. */
  readonly limit?: number;
  /** Name for the counts; the kind of the fault by default. */
  readonly name?: string;
}

/** Requests that a fault of this kind can be done to. */
export function isPossible(fault: Fault, { method, path }: RequestLine): boolean {
  if (fault.kind === "refuse-items") return isBulk(path);
  if (fault.kind === "fail-shards") return isSearch(path);
  // Reads by id are from the translog and never stale; writes have no old answer.
  if (fault.kind === "stale") return isSearch(path) || (method === "GET" && /\/_stats(\/|$)/.test(path));
  return true;
}

/** Whether a path is that of bulk requests. */
export const isBulk = (path: string): boolean => path.endsWith("/_bulk");

/** Whether a path is that of searches. */
export const isSearch = (path: string): boolean => path.endsWith("/_search");

/** Whether a path is that of refreshes. */
export const isRefresh = (path: string): boolean => path.endsWith("/_refresh");

/** Picks the first rule that fits a request and whose chance comes up. */
export class FaultPicker {
  #rules: readonly FaultRule[] = [];
  #used = new Map<FaultRule, number>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Replaces all rules. */
  set(rules: readonly FaultRule[]): void {
    this.#rules = rules;
    this.#used = new Map();
  }

  pick(line: RequestLine): FaultRule | undefined {
    return this.#rules.find((rule) => {
      const { path, method, probability, limit = Infinity, fault } = rule;
      if (path?.test(line.path) === false || (method !== undefined && method !== line.method)) return false;
      if (!isPossible(fault, line)) return false;
      const used = this.#used.get(rule) ?? 0;
      // Drawn for each request that fits, so that a rule's luck does not hang on the others'.
      if (this.#random() >= probability || used >= limit) return false;
      this.#used.set(rule, used + 1);
      return true;
    });
  }
}
