import { hash } from "node:crypto";
import { ATTR, EVENT, type Outcome } from "@vedette/semconv";
import { currentRequest } from "../current-request.ts";
import type { Reporter } from "../reporter.ts";
import type { StoredHash } from "./hash-strength.ts";
import { observeAuthentication, type AuthenticationReports } from "./observed-authentication.ts";

/** How a password was compared. */
export interface PasswordVerification {
  /** The library's algorithm, where the hash cannot be read. */
  readonly algorithm: string;
  readonly outcome: Outcome;
  readonly stored: StoredHash | undefined;
}

/** Salts that are remembered to see that one is used again. */
const MOST_SALTS = 1_000;

interface Memory {
  /** Weaknesses that were told: each once in a process. */
  readonly told: Set<string>;
  /** The digest that each salt was seen with, both as short hashes. */
  readonly salts: Map<string, string>;
}

const memories = new WeakMap<Reporter, Memory>();

/**
 * Reports that a password was compared with a stored hash: counted wherever it is; in a request it is an authentication, too, unless something
 * that knows more says what it was ({@link observeAuthentication}). What is weak about the hash is an event once in a process.
 */
export function reportPasswordVerification(
  { algorithm, outcome, stored }: PasswordVerification,
  reports: AuthenticationReports,
): void {
  const { reporter } = reports;
  reporter.count("passwordVerifications", {
    [ATTR.authAlgorithm]: stored?.algorithm ?? algorithm,
    [ATTR.eventOutcome]: outcome,
  });
  if (stored !== undefined) tellWeaknesses(stored, reporter);
  // Nobody is asking: a script, a queue, the hash of a user who is made.
  if (outcome === "unknown" || currentRequest.getStore() === undefined) return;
  const failureReason = outcome === "failure" ? "bad_password" : undefined;
  observeAuthentication({ source: "password", method: "password", outcome, failureReason, login: true }, reports);
}

function tellWeaknesses(stored: StoredHash, reporter: Reporter): void {
  const memory = memories.get(reporter) ?? { told: new Set(), salts: new Map() };
  memories.set(reporter, memory);
  if (stored.weakness !== undefined) tell(stored.weakness, stored, reporter, memory);
  if (isReused(stored, memory)) tell("reused_salt", stored, reporter, memory);
}

function tell(weakness: string, { algorithm, parameters }: StoredHash, reporter: Reporter, { told }: Memory): void {
  const key = `${algorithm} ${weakness}`;
  if (told.has(key)) return;
  told.add(key);
  // About the application and not about who happened to log in: without the request's attributes.
  reporter.event(EVENT.authenticationWeakness, "warn", {
    [ATTR.authWeakness]: weakness,
    [ATTR.authMethod]: "password",
    [ATTR.authAlgorithm]: algorithm,
    [ATTR.authParameters]: parameters,
  });
}

/** One salt and two digests: two passwords, or two users, share it. */
function isReused({ salt, digest }: StoredHash, { salts }: Memory): boolean {
  const key = hash("sha256", salt, "base64url").slice(0, 22);
  const mark = hash("sha256", digest, "base64url").slice(0, 22);
  const known = salts.get(key);
  if (known !== undefined) return known !== mark;
  if (salts.size >= MOST_SALTS) salts.clear();
  salts.set(key, mark);
  return false;
}
