/** A JSON value as it was parsed; never changed after that. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object as it was parsed. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A Sigma log source: which kind of log an event belongs to, or a rule is for. All lower case. */
export interface LogSource {
  readonly product?: string | undefined;
  readonly category?: string | undefined;
  readonly service?: string | undefined;
}

/** What a person, machine or program in an event is. */
export type EntityKind = "address" | "user" | "host" | "service" | "session" | "api_key" | "agent";

/** A user, host, service, address, session, API key or AI agent. */
export interface Entity {
  readonly kind: EntityKind;
  readonly value: string;
}

/** A record seen through a field mapping. The document is the record as it came: events are never rewritten for a rule. */
export interface SecurityEvent {
  /** Identity (DESIGN.md, "Identity"): the same record delivered twice has the same id. */
  readonly id: string;
  /** Event time in Unix milliseconds. */
  readonly time: number;
  readonly document: JsonObject;
  /** The JSON that the document was parsed from, when it is at hand: keywords are searched faster in it than in the document. */
  readonly json?: string | undefined;
  /** What whoever delivers the event says it belongs to; it counts where the mapping cannot tell. Lower case. */
  readonly logSource?: LogSource | undefined;
}
