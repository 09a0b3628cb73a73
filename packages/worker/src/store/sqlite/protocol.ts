import type { Change } from "@vedette/api";
import { StoreError } from "../../errors.ts";
import type { SqliteCore, SyncStore, WriteRequest } from "./core.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly folder: string;
  /** Time of the start, Unix milliseconds. */
  readonly since: number;
}

/** Reading operations that cross the thread boundary as they are (inbox rows cross it as text). */
export type ReadMethod =
  | Exclude<keyof SyncStore, "append" | "appendFrom" | "refuse" | "commit" | "readInbox" | "events" | "verifyAudit">
  | "readInboxRows"
  | "eventRows";

/** To the thread. */
export type ToThread =
  | { readonly kind: "write"; readonly batch: number; readonly requests: readonly WriteRequest[] }
  | {
      readonly kind: "read";
      readonly call: number;
      readonly method: ReadMethod;
      readonly parameters: readonly unknown[];
    }
  | { readonly kind: "verify"; readonly call: number }
  | { readonly kind: "close" };

/** A `StoreError` on its way between threads, where classes are lost. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** A value or what went wrong. */
export type WireOutcome = { readonly value: unknown } | { readonly error: WireError };

/** From the thread. */
export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly error: WireError }
  | { readonly kind: "written"; readonly batch: number; readonly outcomes: readonly WireOutcome[] }
  | { readonly kind: "answer"; readonly call: number; readonly outcome: WireOutcome }
  | { readonly kind: "changes"; readonly changes: readonly Change[] }
  | { readonly kind: "closed" };

/** Parameters and answer of a reading operation. */
export type ReadParameters<M extends ReadMethod> = Parameters<SqliteCore[M]>;
export type ReadAnswer<M extends ReadMethod> = ReturnType<SqliteCore[M]>;

/** Takes a `StoreError` apart. */
export const toWire = ({ code, message, retryable }: StoreError): WireError => ({ code, message, retryable });

/** Puts a `StoreError` together again. */
export const fromWire = ({ code, message, retryable }: WireError): StoreError =>
  new StoreError(code, message, { retryable });
