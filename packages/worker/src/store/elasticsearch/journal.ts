import type { JsonValue } from "@vedette/detection";
import { sha256 } from "../../audit/chain.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { BulkWriter, WriteOperation } from "../../elasticsearch/write.ts";
import { StoreError } from "../../errors.ts";
import type { Ports } from "../../ports.ts";
import { type JournalEntry, packBody, type PackedBody, unpackBody } from "./journal-body.ts";
import {
  ConflictError,
  createJournalSlots,
  type Slot,
  type SlotDocument,
  SLOTS,
  type SlotVersion,
} from "./journal-slots.ts";
import { aliasOf, dateOf, documentId } from "./names.ts";
import { reading, storing, toStoreFailure } from "./store-failure.ts";

/** Step names that are remembered; a repetition comes within seconds, not after this many others. */
const REMEMBERED = 10_000;
/** Times that a recovery begins again because another worker makes steps meanwhile. */
const RECOVERY_ATTEMPTS = 5;

/** How a line's journal is opened. */
export interface JournalOptions {
  readonly cluster: Pick<Cluster, "client">;
  readonly writer: BulkWriter;
  /** Begins the names of our indices. */
  readonly prefix: string;
  /** Whose steps these are: `case/default`, `correlate/3`. */
  readonly line: string;
  readonly ports: Pick<Ports, "clock" | "timers" | "random" | "log">;
  /** Milliseconds for which a write that failed for a passing reason is tried again before the caller is told; by default 10 seconds. */
  readonly patience?: number;
  /** Characters of a packed step that one document takes; by default 8 Mi. */
  readonly partLength?: number;
  /** Told of each step once its operations are done: of a step that is redone after a crash, too. */
  readonly onApplied?: (entry: Pick<JournalEntry<JsonValue>, "operations" | "changes">, step: number) => void;
  /** Decides what a `create` means whose document is there already; the operations returned are done as well. */
  readonly onExisting?: (operations: readonly WriteOperation[]) => Promise<readonly WriteOperation[]>;
}

/** Where a line stands. */
export interface JournalPosition<Carry extends JsonValue> {
  /** Number of the last step, 0 before the first. */
  readonly step: number;
  readonly carry: Carry | undefined;
}

/**
 * A line's steps, each committed whole by one write. The journal has a fixed number of places; step n is written into place n modulo that number, by compare-and-set
 * against the step that stood there before. So of two workers that take a line for theirs one alone writes step n; the other one, however long it slept, finds the
 * place changed and is told `store-fenced`. What a step says is then applied to the other indices: creates, and puts with versions that only grow, so that doing it again,
 * by whomever, changes nothing.
 */
export interface Journal<Carry extends JsonValue> {
  /** Finds the last step, makes it safe, and applies what may not have been applied. Clears what was fenced. */
  recover(): Promise<JournalPosition<Carry>>;
  /**
   * Commits a step, one after the other; a step of this name that was committed before is not made again.
   * @param make Given where the line stands and the number of the step; called once more when an earlier step with an unknown outcome turns out to be committed.
   * @returns The entry, or undefined for a repeated step.
   * @throws StoreError `store-fenced`; a retryable one when the outcome is not known: the same step can be committed again
   */
  commit(
    id: string,
    make: (step: number, carry: Carry | undefined) => Promise<JournalEntry<Carry>>,
  ): Promise<JournalEntry<Carry> | undefined>;
  /** Looks where the line stands, whoever owns it, and changes nothing: the last step that is certainly applied, and the last one made. */
  peek(): Promise<{ readonly applied: JournalPosition<Carry>; readonly last: JournalPosition<Carry> }>;
  /** What a step said, as long as it is kept; undefined when it is not made yet, "gone" when it is kept no more. */
  entry(step: number): Promise<JournalEntry<Carry> | "gone" | undefined>;
  /** Where the line stands as this object knows it. */
  position(): Promise<JournalPosition<Carry>>;
  /** Waits for what is under way and notes how far all is applied. */
  close(): Promise<void>;
}

/** The document that says up to which step everything is applied. */
interface PointerDocument<Carry> {
  readonly "@timestamp": string;
  readonly line: string;
  readonly kind: "pointer";
  readonly applied: number;
  readonly body: { readonly carry: Carry | null };
}

/** Id of the document in the `state` index that says how far a line's steps are applied. */
export const pointerId = (line: string): string => `${line}|pointer`;

/** Opens the journal of a line. Nothing is asked of the cluster before the first call. */
export function openJournal<Carry extends JsonValue>(options: JournalOptions): Journal<Carry> {
  const { cluster, writer, prefix, line, ports, patience = 10_000, partLength = 8 * 1_048_576 } = options;
  const { client } = cluster;
  const { clock, timers, random, log } = ports;
  const stateIndex = aliasOf(prefix, "state");
  const stepsIndex = aliasOf(prefix, "steps");
  const slots = createJournalSlots(client, aliasOf(prefix, "journal"), line, partLength);
  const owner = Buffer.from(random.bytes(8)).toString("hex");
  const versions = new Map<number, SlotVersion>();
  const known = new Set<string>();
  let position: JournalPosition<Carry> | undefined;
  let fenced = false;
  /** The last step in the journal while its operations are not known to be done. */
  let outstanding: { readonly document: SlotDocument; readonly entry: JournalEntry<Carry> } | undefined;
  /** The last step that is applied; the pointer may not tell of it yet. */
  let appliedBefore: JournalPosition<Carry> | undefined;
  /** Parts that may go once the step after theirs is applied. */
  let spread: SlotDocument | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work);
    turn = next.catch(() => {});
    return next;
  };

  const fence = (n: number): StoreError => {
    fenced = true;
    return new StoreError(
      "store-fenced",
      `Another worker has made step ${n} of ${line}; what this one knows is out of date.`,
      { retryable: false },
    );
  };

  const remember = (id: string): void => {
    known.add(id);
    const [oldest] = known.size > REMEMBERED ? known : [];
    if (oldest !== undefined) known.delete(oldest);
  };

  /** Tries again what failed for a passing reason, until it is done or patience is over. */
  async function persist<T>(attempt: () => Promise<T>): Promise<T> {
    const end = clock.now() + patience;
    for (let pause = 50; ; pause = Math.min(pause * 2, 2_000)) {
      try {
        return await attempt();
      } catch (error) {
        const passing = error instanceof StoreError && error.retryable;
        if (!passing || clock.now() + pause > end) throw error;
        log.debug({ line, code: error.code, pause }, "a write to the journal is tried again");
        await timers.sleep(pause / 2 + ((random.bytes(1)[0] ?? 0) / 255) * (pause / 2));
      }
    }
  }

  const entryOf = async (document: SlotDocument): Promise<JournalEntry<Carry> | undefined> => {
    const body = await slots.body(document);
    return body === undefined ? undefined : (JSON.parse(await unpackBody(body)) as JournalEntry<Carry>);
  };

  const entryAt = async (n: number): Promise<JournalEntry<Carry> | "gone" | undefined> => {
    const found = await slots.read(n);
    if (found === undefined || found.document.n < n) return undefined;
    return found.document.n > n ? "gone" : ((await entryOf(found.document)) ?? "gone");
  };

  const pointer = (n: number, carry: Carry | undefined): WriteOperation => ({
    kind: "put",
    index: stateIndex,
    id: pointerId(line),
    version: n,
    document: {
      "@timestamp": dateOf(clock.now()),
      line,
      kind: "pointer",
      applied: n,
      body: { carry: carry ?? null },
    } satisfies PointerDocument<Carry>,
  });

  const stepNote = (n: number, id: string): WriteOperation => ({
    kind: "put",
    index: stepsIndex,
    id: documentId(`${line}/${n % REMEMBERED}`),
    version: n,
    document: { line, n, body: { step: id } },
  });

  async function write(operations: readonly WriteOperation[]): Promise<void> {
    const outcomes = await storing(`Applying a step of ${line}`, () => writer.write(operations));
    const existing: WriteOperation[] = [];
    for (const [at, outcome] of outcomes.entries()) {
      const operation = operations[at];
      if (operation === undefined || outcome.status === "written") continue;
      // What is refused was filed away and logged by the writer.
      if (outcome.status === "exists" && operation.kind === "create") existing.push(operation);
    }
    const more = existing.length === 0 ? [] : ((await options.onExisting?.(existing)) ?? []);
    if (more.length > 0) await storing(`Applying a step of ${line}`, () => writer.write(more));
  }

  /** Does what the last step says. The pointer that goes with it tells of the step before, whose documents are all there. */
  async function settle(): Promise<void> {
    if (outstanding === undefined) return;
    const { document, entry } = outstanding;
    const before = appliedBefore;
    await write([
      ...entry.operations,
      stepNote(document.n, document.step),
      ...(before === undefined ? [] : [pointer(before.step, before.carry)]),
    ]);
    options.onApplied?.(entry, document.n);
    outstanding = undefined;
    appliedBefore = { step: document.n, carry: entry.carry };
    if (spread !== undefined) await slots.removeParts(spread).catch(() => {});
    spread = document.parts > 0 ? document : undefined;
  }
  const accept = (document: SlotDocument, entry: JournalEntry<Carry>, version: SlotVersion): void => {
    versions.set(document.n % SLOTS, version);
    position = { step: document.n, carry: entry.carry };
    outstanding = { document, entry };
    remember(document.step);
  };

  /**
   * Looks what stands in the place of step n after a compare-and-set failed. Our own step, whose answer was lost, is written once more, because only a write that
   * was answered is certain to be on all copies.
   */
  async function inspect(n: number): Promise<SlotDocument | undefined> {
    const found = await slots.read(n);
    if (found === undefined) {
      versions.delete(n % SLOTS);
      return undefined;
    }
    const { document, version } = found;
    if (document.n === n && document.owner === owner) {
      const entry = await entryOf(document);
      if (entry === undefined) throw fence(n);
      const sealed = await reseal(document, version);
      if (sealed !== undefined) accept(document, entry, sealed);
      return sealed === undefined ? undefined : document;
    }
    if (document.n === n - SLOTS) {
      versions.set(n % SLOTS, version);
      return undefined;
    }
    throw fence(n);
  }

  /** Writes a document again as it is; undefined when it was changed meanwhile. */
  async function reseal(document: SlotDocument, version: SlotVersion): Promise<SlotVersion | undefined> {
    try {
      return await persist(() => slots.write(document, version));
    } catch (error) {
      if (error instanceof ConflictError) return undefined;
      throw error;
    }
  }

  /** Writes a step; returns the step that stands in its place, which may be an earlier one of this object whose answer was lost. */
  async function writeStep(document: SlotDocument, entry: JournalEntry<Carry>): Promise<SlotDocument> {
    const { n } = document;
    return persist(async () => {
      for (;;) {
        try {
          accept(document, entry, await slots.write(document, versions.get(n % SLOTS)));
          return document;
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error;
          const ours = await inspect(n);
          if (ours !== undefined) return ours;
        }
      }
    });
  }

  async function readPointer(): Promise<JournalPosition<Carry>> {
    const { docs } = await reading(`Reading where ${line} stands`, () =>
      client.mget<PointerDocument<Carry>>({ index: stateIndex, ids: [pointerId(line)], realtime: true }),
    );
    const [doc] = docs;
    if (doc !== undefined && "error" in doc) {
      throw new StoreError(
        "elasticsearch-not-found",
        `Reading where ${line} stands failed: ${doc.error.reason ?? doc.error.type}.`,
        { retryable: doc.error.type !== "index_not_found_exception" },
      );
    }
    const found = doc?._source;
    return found === undefined
      ? { step: 0, carry: undefined }
      : { step: found.applied, carry: found.body.carry ?? undefined };
  }

  async function loadKnown(): Promise<void> {
    await reading(`Reading the steps of ${line}`, () => client.indices.refresh({ index: stepsIndex }));
    const { hits } = await reading(`Reading the steps of ${line}`, () =>
      client.search<{ readonly n: number; readonly body: { readonly step: string } }>({
        index: stepsIndex,
        size: REMEMBERED,
        query: { term: { line } },
        sort: [{ n: "desc" }],
        allow_partial_search_results: false,
      }),
    );
    known.clear();
    for (const { _source } of hits.hits.toReversed()) if (_source !== undefined) remember(_source.body.step);
  }

  async function recoverOnce(): Promise<JournalPosition<Carry> | undefined> {
    const applied = await readPointer();
    const heads = await slots.heads();
    versions.clear();
    for (const { n, version } of heads) versions.set(n % SLOTS, version);
    await loadKnown();
    appliedBefore = applied.step === 0 ? undefined : applied;
    position = applied;
    outstanding = undefined;
    const last = heads.reduce(
      (highest: Slot | undefined, head) => (head.n > (highest?.n ?? 0) ? head : highest),
      undefined,
    );
    for (let n = applied.step + 1; n <= (last?.n ?? 0); n += 1) {
      const found = await slots.read(n);
      if (found === undefined || found.document.n < n) throw damaged(n);
      const entry = found.document.n === n ? await entryOf(found.document) : undefined;
      if (entry === undefined) return undefined;
      // The step may have been read before it was on all copies; what the line builds on must not be lost with one of them.
      const version = n === last?.n ? await reseal(found.document, found.version) : found.version;
      if (version === undefined) return undefined;
      accept(found.document, entry, version);
      await settle();
    }
    if (appliedBefore !== undefined && appliedBefore.step > applied.step)
      await write([pointer(appliedBefore.step, appliedBefore.carry)]);
    return position;
  }

  const damaged = (n: number): StoreError =>
    new StoreError("store-damaged", `Step ${n} of ${line} is missing from the journal though later ones are there.`, {
      retryable: false,
    });

  async function recover(): Promise<JournalPosition<Carry>> {
    for (let attempt = 1; attempt <= RECOVERY_ATTEMPTS; attempt += 1) {
      const found = await persist(recoverOnce).catch((error: unknown) => {
        position = undefined;
        throw error;
      });
      if (found !== undefined) {
        fenced = false;
        return found;
      }
    }
    position = undefined;
    throw new StoreError(
      "store-fenced",
      `Another worker goes on with ${line} while this one tries to find where it stands.`,
      { retryable: true },
    );
  }

  /** The line's place, once everything before it is applied. */
  async function ready(): Promise<JournalPosition<Carry>> {
    if (fenced)
      throw new StoreError("store-fenced", `Another worker has gone on with ${line}; rebuild from the store.`, {
        retryable: false,
      });
    const stands = position ?? (await recover());
    await persist(settle);
    return stands;
  }

  return {
    recover: () => inTurn(recover),
    position: () => inTurn(ready),
    async peek() {
      const noted = await readPointer();
      const applied = appliedBefore !== undefined && appliedBefore.step > noted.step ? appliedBefore : noted;
      let last = applied;
      for (let entry = await entryAt(last.step + 1); entry !== undefined && entry !== "gone";) {
        last = { step: last.step + 1, carry: entry.carry };
        entry = await entryAt(last.step + 1);
      }
      return { applied, last };
    },
    entry: entryAt,
    commit: (id, make) =>
      inTurn(async () => {
        for (;;) {
          const { step, carry } = await ready();
          if (known.has(id)) return undefined;
          const n = step + 1;
          const entry = await make(n, carry);
          const text = JSON.stringify(entry);
          const hash = sha256(text);
          const body: PackedBody = await packBody(text);
          const document = await persist(() => slots.prepare({ n, step: id, owner, hash }, body, clock.now()));
          const written = await writeStep(document, entry);
          await persist(settle);
          // Otherwise the step is still to be made, unless it was its own first attempt that was found.
          if (written.hash === hash) return entry;
        }
      }),
    close: () =>
      inTurn(async () => {
        if (position === undefined || fenced) return;
        try {
          await settle();
          if (appliedBefore !== undefined) await write([pointer(appliedBefore.step, appliedBefore.carry)]);
        } catch (error) {
          const told = toStoreFailure(error, `Closing the journal of ${line}`);
          log.warn(
            { line, error: told.message },
            "the journal is closed before all is applied; the next start does the rest",
          );
        }
      }),
  };
}
