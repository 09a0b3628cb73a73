import type { Timers } from "../../ports.ts";
import type { DocumentVersion, StoredDocument, VersionedDocuments } from "../lease-documents.ts";

/** What can go wrong with a request. */
export type Fault =
  | "none"
  /** Rejected, nothing done. */
  | "refused"
  /** Done, but the answer is lost. */
  | "answer-lost"
  /** Given up by the client, and done some time later. */
  | "late";

/** An index in memory, with Elasticsearch's semantics of compare-and-set, as several processes see it. */
export interface SimulatedIndex<T> {
  readonly documents: ReadonlyMap<string, StoredDocument<T>>;
  /** How one process reaches it; each request takes a time by its timers. */
  connect(connection: SimulatedConnection): VersionedDocuments<T>;
}

/** How a process reaches a simulated index. */
export interface SimulatedConnection {
  readonly timers: Timers;
  /** Asked for each request. */
  readonly fault?: () => Fault;
  /** Milliseconds that a request takes each way. */
  readonly delay?: () => number;
}

/** Makes an empty index. */
export function createSimulatedIndex<T>(): SimulatedIndex<T> {
  const documents = new Map<string, StoredDocument<T>>();
  let seqNo = -1;
  const apply = (
    id: string,
    document: T,
    expected: DocumentVersion | "absent" | "any",
  ): DocumentVersion | undefined => {
    const current = documents.get(id);
    const fits =
      expected === "any" || (expected === "absent" ? current === undefined : current?.version.seqNo === expected.seqNo);
    if (!fits) return undefined;
    seqNo += 1;
    const version = { seqNo, primaryTerm: 1 };
    documents.set(id, { version, document: structuredClone(document) });
    return version;
  };
  return {
    documents,
    connect({ timers, fault = () => "none", delay = () => 1 }) {
      const ask = async <R>(answer: () => R): Promise<R> => {
        const what = fault();
        await timers.sleep(delay());
        if (what !== "none") throw new Error("no answer");
        const result = answer();
        await timers.sleep(delay());
        return result;
      };
      return {
        read: (ids) => ask(() => ids.map((id) => structuredClone(documents.get(id)))),
        async write(id, document, expected) {
          const what = fault();
          await timers.sleep(delay());
          if (what === "refused") return { status: "unknown", error: new Error("refused") };
          if (what === "late") {
            void timers.sleep(delay() * 20).then(() => apply(id, document, expected));
            return { status: "unknown", error: new Error("late") };
          }
          const version = apply(id, document, expected);
          await timers.sleep(delay());
          if (what === "answer-lost") return { status: "unknown", error: new Error("answer lost") };
          return version === undefined ? { status: "conflict" } : { status: "written", version };
        },
        list: (limit) => ask(() => [...documents.keys()].slice(0, limit)),
        remove: (id) => ask(() => void documents.delete(id)),
      };
    },
  };
}
