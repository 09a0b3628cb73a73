import type { Readable } from "node:stream";
import type { CorrelatorCounters, FieldMapping, Finding, LogSource, Rule } from "@vedette/detection";
import type { FactForm } from "./chunk.ts";
import type { EventInputErrorCode } from "./error-codes.ts";

/** What a run is told. */
export interface DetectionRun {
  /** Log source of events whose own fields do not tell it. */
  readonly logSource?: LogSource | undefined;
  readonly rules: readonly Rule[];
  readonly mappings: readonly FieldMapping[];
  readonly inputs: readonly string[];
  /** Milliseconds that an event may be older than the newest before it, for correlations. */
  readonly lateness: number;
  /** Threads that judge; with 1, the calling one. */
  readonly threads: number;
  /** Whether events are counted by mapping and log source. */
  readonly countSources?: boolean | undefined;
  readonly standardInput?: (() => Readable) | undefined;
  /** How facts are wanted. */
  readonly form: FactForm;
  /** Called with the line of each fact, when they are wanted so. */
  readonly onLine: (line: string) => void;
  /** Called with each episode, and with each fact when they are wanted as findings. */
  readonly onFinding: (finding: Finding) => void;
  readonly onProblem: (problem: InputProblem) => void;
  /** Called when rules are loaded everywhere and reading begins. */
  readonly onReady?: (() => void) | undefined;
  /** Called after each part of the input; a promise holds the reading up. */
  readonly onProgress?: ((totals: RunTotals) => Promise<void> | undefined) | undefined;
  /** Ends the run where it is. */
  readonly signal?: AbortSignal | undefined;
}

/** Something wrong with an input. */
export interface InputProblem {
  readonly code: EventInputErrorCode;
  readonly path: string;
  readonly line: number | undefined;
  readonly detail: string;
}

/** What a run counted. */
export interface RunTotals {
  events: number;
  /** Bytes of the inputs as they lie in their files. */
  bytesRead: number;
  /** Bytes of the inputs, unpacked. */
  bytes: number;
  findings: number;
  /** Inputs, lines and elements that gave no event. */
  broken: number;
  /** Events without a log source: no rule looked at them. */
  unmatched: number;
  /** Where the first of these is. */
  firstUnmatched: string | undefined;
  /** Events with bytes that are not UTF-8: each such byte was read as U+FFFD. */
  replaced: number;
  /** Matches of correlated rules on events without a time: they cannot be counted. */
  undated: number;
  /** Findings by rule id. */
  readonly byRule: Map<string, number>;
  /** Events by mapping and log sources, separated by a tab, when they are counted. */
  readonly bySource: Map<string, number>;
  /** Findings that exceptions hid, by rule id and name of the exception, separated by a tab. */
  readonly excepted: Map<string, number>;
  correlations: CorrelatorCounters | undefined;
}

/** The name of an input in messages. */
export const inputName = (path: string): string => (path === "-" ? "standard input" : path);
