import type { Inbox } from "../../store/store.ts";

/**
 * An inbox over something that has no order of its own: rows are numbered as they are read, and the text that belongs to a number says where reading goes on behind it. Whoever reads keeps
 * the number and its text in one commit.
 */
export interface CursorInbox extends Inbox, AsyncDisposable {
  /** Goes on behind a number with its text; without a text at the beginning. What was read ahead is forgotten. */
  seek(cursor: number, state: string | undefined): void;
  /** The text that belongs to a number that was given out since the last `seek`. */
  stateAt(cursor: number): string;
  /** Resolves when there may be something new to read, at the latest after so many milliseconds. Never rejects. */
  changed(milliseconds: number, signal: AbortSignal): Promise<void>;
}
