import type { Change } from "@vedette/api";
import type { Ports } from "../../ports.ts";
import type { JournalEntry } from "./journal-body.ts";
import type { Journal } from "./journal.ts";
import type { LineCarry } from "./resolve-step.ts";

/** Milliseconds between looks for the steps of other workers. */
const EVERY = 500;

/** Tells listeners of what changed: of this worker's steps as they are applied, of others' by looking. */
export interface ChangeFeed extends AsyncDisposable {
  onChange(listener: (changes: readonly Change[]) => void): () => void;
  /** A step of this worker was applied. */
  applied(step: number, changes: readonly Change[]): void;
}

/** How a feed looks. */
export interface FeedOptions {
  /** Milliseconds between looks. */
  readonly every?: number | undefined;
  /** Told of each step of another worker before listeners are. */
  readonly onOther?: (entry: Pick<JournalEntry<LineCarry>, "operations">) => void;
}

/** Makes a feed of a line's changes. It looks into the journal only while somebody listens. */
export function createChangeFeed(
  journal: Pick<Journal<LineCarry>, "peek" | "entry">,
  { timers, log }: Pick<Ports, "timers" | "log">,
  { every = EVERY, onOther }: FeedOptions = {},
): ChangeFeed {
  const listeners = new Set<(changes: readonly Change[]) => void>();
  const stop = new AbortController();
  /** The last step that listeners were told of; unknown until the first look or step. */
  let seen: number | undefined;
  /** The last step at the look before. A step made since may not be applied yet: it is told at the next look. */
  let ripe: number | undefined;
  let looking: Promise<void> | undefined;

  const tell = (step: number, changes: readonly Change[]): void => {
    if (seen !== undefined && step <= seen) return;
    seen = step;
    if (changes.length > 0) for (const listener of listeners) listener(changes);
  };

  async function look(): Promise<void> {
    const last = (await journal.peek()).last.step;
    const upTo = ripe ?? last;
    ripe = last;
    seen ??= last;
    while (seen < upTo) {
      const next: number = seen + 1;
      const entry = await journal.entry(next);
      if (entry === undefined) return;
      // A step of this worker was told meanwhile.
      if (seen >= next) continue;
      // Too far behind to tell each one: whoever listens loads anew what it shows.
      if (entry === "gone") seen = upTo;
      else {
        onOther?.(entry);
        tell(next, entry.changes);
      }
    }
  }

  async function keepLooking(): Promise<void> {
    while (!stop.signal.aborted && listeners.size > 0) {
      await look().catch((error: unknown) => log.debug({ error: String(error) }, "others' changes cannot be read now"));
      await timers.sleep(every, stop.signal);
    }
    looking = undefined;
  }

  return {
    onChange(listener) {
      listeners.add(listener);
      looking ??= keepLooking();
      return () => void listeners.delete(listener);
    },
    applied: tell,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await looking;
    },
  };
}
