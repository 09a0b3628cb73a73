import type { Alert, AlertChange, DenyListEntry, DenyRequest, Incident, IncidentChange } from "@vedette/api";

/** Who asks for a change, and the key that makes asking again harmless. */
export interface Actor {
  /** Name for the audit trail and the history. */
  readonly name: string;
  /**
   * Unique for one write of one actor: a write whose key the store knows is not made again but answered as it was then (idempotency.ts),
   * and refused with `key_reused` when it asks for something else.
   */
  readonly idempotencyKey: string;
}

/**
 * What people may do to alerts, incidents and the deny list. Each operation is one committed step with its audit entry; it rejects
 * with an {@link OperationError} when it cannot be made, and with a `StoreError` when the store cannot take it.
 */
export interface Operations {
  changeAlert(id: string, change: AlertChange, by: Actor): Promise<Alert>;
  changeIncident(id: string, change: IncidentChange, by: Actor): Promise<Incident>;
  denyAddress(request: DenyRequest, by: Actor): Promise<DenyListEntry>;
  undoDeny(id: string, by: Actor): Promise<DenyListEntry>;
}

/** An operation cannot be made: there is no such thing, another change came first, it is over, it makes no sense, or its key is taken. */
export class OperationError extends Error {
  override readonly name = "OperationError";
  readonly code: "not_found" | "conflict" | "ended" | "invalid" | "key_reused";
  constructor(code: OperationError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
