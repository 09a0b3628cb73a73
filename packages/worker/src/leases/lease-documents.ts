import type { JsonValue } from "@vedette/detection";

/** What compare-and-set compares: Elasticsearch's sequence number and primary term of a document. */
export interface DocumentVersion {
  readonly seqNo: number;
  readonly primaryTerm: number;
}

/** A document as it was read. */
export interface StoredDocument<T> {
  readonly version: DocumentVersion;
  readonly document: T;
}

/** What became of a write. After `unknown` it may have been made, may still be made later, or never. */
export type WriteResult =
  | { readonly status: "written"; readonly version: DocumentVersion }
  | { readonly status: "conflict" }
  | { readonly status: "unknown"; readonly error: unknown };

/** Documents that are changed by compare-and-set. */
export interface VersionedDocuments<T> {
  /** Reads the newest content, never a stale one, in the order of the ids; undefined for one that is not there. Rejects when it cannot be known. `fields` limits what is read. */
  read(
    ids: readonly string[],
    fields?: readonly (keyof T & string)[],
  ): Promise<readonly (StoredDocument<T> | undefined)[]>;
  /** Writes if the document is as expected: a version, `absent`, or `any`. Never rejects. */
  write(id: string, document: T, expected: DocumentVersion | "absent" | "any"): Promise<WriteResult>;
  /** Some ids that are there, at most so many. */
  list(limit: number): Promise<readonly string[]>;
  remove(id: string): Promise<void>;
}

/** The document of a resource. */
export interface LeaseDocument {
  /** When it was last written, by the writer's clock: for people and for clearing away, never compared. */
  readonly "@timestamp": string;
  readonly resource: string;
  /** Null when nobody has it. */
  readonly owner: string | null;
  readonly epoch: number;
  /** Different with each write of one owner and epoch, so that a write with an unknown outcome can be recognised. */
  readonly beat: number;
  readonly payload: JsonValue;
}

/** The document by which a worker shows that it lives. */
export interface MemberDocument {
  readonly "@timestamp": string;
  readonly worker: string;
  readonly beat: number;
  /** How many resources of each kind it could work on. */
  readonly wanted: Readonly<Record<string, number>>;
}
