import type { JsonObject, JsonValue } from "@vedette/detection";
import { ElasticsearchError, requireWhole } from "../../elasticsearch/errors.ts";
import type { Clock } from "../../ports.ts";
import { AnswerTooLargeError, type AskCluster } from "./ask-cluster.ts";
import { isOwn } from "./index-names.ts";
import { indexPath } from "./look-at-indices.ts";
import { MAX_PAGE_BYTES, PageSize, type PageSizeOptions } from "./page-size.ts";
import type { SourceFields } from "./read-shard.ts";
import type { Fallback } from "./shard-watch.ts";

/** How far something is read by time. JSON. */
export interface TimePosition {
  /** Name of the field: `event.ingested` where the first document has it, else `@timestamp`. */
  readonly field: string;
  /** Newest time that was read, Unix milliseconds. Whoever goes on here gets the overlap before it again. */
  readonly upTo: number;
}

/** A document that was read by time. */
export interface TimedDocument {
  readonly index: string;
  readonly id: string;
  readonly source: JsonObject;
}

/** A run of documents in order of their time. */
export interface TimePage {
  readonly documents: readonly TimedDocument[];
  readonly position: TimePosition;
  /** Nothing is left that was visible when the reading began. */
  readonly caughtUp: boolean;
}

/** Reads by time what cannot be read by sequence numbers; what that promises is in {@link WEAKER_PROMISE}. */
export interface TimeTail {
  readonly fallback: Fallback;
  /** The next documents, or undefined when there is nothing new. Rejects with an `ElasticsearchError`; calling again goes on at the same place. */
  next(signal: AbortSignal): Promise<TimePage | undefined>;
}

/** What reading by time cannot promise, for `status`. */
export const WEAKER_PROMISE =
  "Read by time: a document is missed that appears more than two minutes later than others of its time (less where more than 50,000 come in that time), or has no time and comes late.";

/** What something is read by time with. */
export interface TimeTailOptions {
  readonly ask: AskCluster;
  /** The time of day. */
  readonly clock: Clock;
  readonly fallback: Fallback;
  /** Undefined to begin at the first document. */
  readonly position: TimePosition | undefined;
  readonly pageSize: PageSizeOptions;
  readonly sourceFields?: (() => SourceFields | undefined) | undefined;
  /** Beginning of the names of Vedette's own indices, whose documents are left out. */
  readonly prefix: string;
}

/** Milliseconds that are read again and again behind the newest document. */
const OVERLAP = 120_000;
/** Most ids that are remembered; where more documents fall into the overlap it is shortened to those. */
const MAX_SEEN = 50_000;

interface Search {
  readonly pit_id?: string;
  readonly timed_out?: boolean;
  readonly _shards?: { readonly total: number; readonly failed: number; readonly failures?: readonly unknown[] };
  readonly hits?: {
    readonly hits: readonly {
      readonly _index: string;
      readonly _id: string;
      readonly _source?: JsonObject;
      readonly sort: readonly JsonValue[];
    }[];
  };
}

/** Makes a tail by time. */
export function createTimeTail(options: TimeTailOptions): TimeTail {
  return new Tail(options);
}

interface View {
  pit: string;
  after: readonly JsonValue[] | undefined;
}

class Tail implements TimeTail {
  readonly fallback: Fallback;
  readonly #options: TimeTailOptions;
  readonly #page: PageSize;
  #position: TimePosition | undefined;
  /** Documents of the overlap that were delivered, as `<index>/<id>`, with their time; oldest first. */
  #seen = new Map<string, number>();
  /** Where the overlap begins. */
  #from: number | undefined;
  #view: View | undefined;

  constructor(options: TimeTailOptions) {
    this.#options = options;
    this.fallback = options.fallback;
    this.#page = new PageSize(options.pageSize);
    this.#position = options.position;
    if (options.position !== undefined) this.#from = options.position.upTo - OVERLAP;
  }

  async next(signal: AbortSignal): Promise<TimePage | undefined> {
    const field = this.#position?.field ?? (await this.#field(signal));
    if (field === undefined) return undefined;
    try {
      for (;;) {
        this.#view ??= { pit: await this.#open(signal), after: undefined };
        const { documents, times, isLast } = await this.#read(field, this.#view, signal);
        const page = this.#deliver(field, documents, times, isLast);
        if (isLast) await this.#close(signal);
        if (page.documents.length > 0) return page;
        if (isLast) return undefined;
      }
    } catch (error) {
      // A view that is gone (404), or of which a shard is, is opened anew; what was delivered is known by id.
      this.#view = undefined;
      throw error;
    }
  }

  #deliver(field: string, documents: readonly TimedDocument[], times: readonly number[], caughtUp: boolean): TimePage {
    const delivered = documents.filter(({ index, id }) => !this.#seen.has(`${index}/${id}`));
    for (const [index, document] of documents.entries())
      this.#seen.set(`${document.index}/${document.id}`, times[index] ?? 0);
    // A bad clock must not carry the position away.
    const newest = Math.min(Math.max(this.#position?.upTo ?? 0, ...times), this.#options.clock.now());
    const kept = [...this.#seen].filter(([, time]) => time >= newest - OVERLAP);
    const remembered = kept.slice(-MAX_SEEN);
    this.#from = kept.length > MAX_SEEN ? (remembered[0]?.[1] ?? newest) : newest - OVERLAP;
    this.#seen = new Map(remembered);
    this.#position = { field, upTo: newest };
    return { documents: delivered, position: this.#position, caughtUp };
  }

  async #read(
    field: string,
    view: View,
    signal: AbortSignal,
  ): Promise<{
    readonly documents: readonly TimedDocument[];
    readonly times: readonly number[];
    readonly isLast: boolean;
  }> {
    const { ask, sourceFields, prefix } = this.#options;
    const doing = `Reading ${this.fallback.target} by time`;
    for (;;) {
      const { size } = this.#page;
      try {
        const begun = this.#options.clock.now();
        const { body, bytes } = await ask<Search>(
          {
            method: "POST",
            path: "/_search",
            querystring: { allow_partial_search_results: false },
            body: {
              size,
              track_total_hits: false,
              pit: { id: view.pit, keep_alive: "2m" },
              sort: [
                {
                  [field]: {
                    order: "asc",
                    unmapped_type: "date",
                    missing: 0,
                    format: "epoch_millis",
                    numeric_type: "date",
                  },
                },
                { _shard_doc: "asc" },
              ],
              query: this.#query(field),
              ...(view.after === undefined ? {} : { search_after: view.after }),
              ...(sourceFields?.() === undefined ? {} : { _source: sourceFields() }),
            },
            doing,
            maxBytes: size === 1 ? undefined : MAX_PAGE_BYTES,
          },
          signal,
        );
        requireWhole(body, doing);
        const hits = body.hits?.hits ?? [];
        this.#page.observe({ documents: hits.length, bytes, milliseconds: this.#options.clock.now() - begun });
        view.pit = body.pit_id ?? view.pit;
        view.after = hits.at(-1)?.sort ?? view.after;
        const own = hits.filter(({ _index }) => !isOwn(_index, prefix));
        return {
          documents: own.map(({ _index, _id, _source }) => ({ index: _index, id: _id, source: _source ?? {} })),
          times: own.map(({ sort }) => Number(sort[0] ?? 0)),
          isLast: hits.length < size,
        };
      } catch (error) {
        if (!(error instanceof AnswerTooLargeError) || !this.#page.shrink()) throw error;
      }
    }
  }

  /** The overlap and what comes after it; within one view the first query goes on. */
  #query(field: string): object {
    if (this.#from === undefined || this.#view?.after !== undefined) return { match_all: {} };
    return { range: { [field]: { gte: this.#from, format: "epoch_millis" } } };
  }

  async #field(signal: AbortSignal): Promise<string | undefined> {
    const { ask } = this.#options;
    const { body } = await ask<{ readonly fields?: Readonly<Record<string, Readonly<Record<string, unknown>>>> }>(
      {
        method: "GET",
        path: `/${indexPath([this.fallback.target])}/_field_caps`,
        querystring: { fields: "event.ingested,@timestamp", ignore_unavailable: true },
        doing: `Asking by which time ${this.fallback.target} is read`,
      },
      signal,
    );
    const fields = body.fields ?? {};
    const isDate = (name: string): boolean =>
      fields[name]?.["date"] !== undefined || fields[name]?.["date_nanos"] !== undefined;
    return ["event.ingested", "@timestamp"].find(isDate);
  }

  async #open(signal: AbortSignal): Promise<string> {
    const { body } = await this.#options.ask<{ readonly id?: string }>(
      {
        method: "POST",
        path: `/${indexPath([this.fallback.target])}/_pit`,
        querystring: { keep_alive: "2m", ignore_unavailable: true, allow_partial_search_results: false },
        doing: `Opening ${this.fallback.target}`,
      },
      signal,
    );
    if (body.id === undefined)
      throw new ElasticsearchError(
        "elasticsearch-answer-damaged",
        `Opening ${this.fallback.target} failed: no id was given.`,
        {
          retryable: true,
        },
      );
    return body.id;
  }

  async #close(signal: AbortSignal): Promise<void> {
    const view = this.#view;
    this.#view = undefined;
    if (view === undefined) return;
    await this.#options
      .ask({ method: "DELETE", path: "/_pit", body: { id: view.pit }, doing: "Closing a view", accept: [404] }, signal)
      // It ends by itself after its time.
      .catch(() => undefined);
  }
}
