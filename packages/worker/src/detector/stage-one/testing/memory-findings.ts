import type { OnceDocument, OnceOutcome } from "../../../elasticsearch/create-once.ts";
import type { FindingDocument } from "../../findings/finding-document.ts";
import type { WriteOnce } from "../write-facts.ts";

/** Documents that are written once, in memory. */
export interface MemoryFindings {
  readonly documents: Map<string, OnceDocument>;
  readonly writeOnce: WriteOnce;
  /** Called before each write with what is to be written; a write waits for it, and rejects with what it rejects with. */
  gate: ((documents: readonly OnceDocument[]) => Promise<void>) | undefined;
  /** Findings in order of their ids. */
  findings(): readonly FindingDocument[];
}

/** Makes an empty memory for findings. */
export function createMemoryFindings(): MemoryFindings {
  const documents = new Map<string, OnceDocument>();
  const memory: MemoryFindings = {
    documents,
    gate: undefined,
    async writeOnce(written) {
      await memory.gate?.(written);
      return written.map((document): OnceOutcome => {
        const key = `${document.index}/${document.id}`;
        const known = documents.get(key);
        if (known === undefined) {
          documents.set(key, document);
          return { status: "written" };
        }
        if (known.contentHash === document.contentHash) return { status: "same" };
        return { status: "different", storedHash: known.contentHash };
      });
    },
    findings: () =>
      [...documents.values()]
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map(({ document }) => document as FindingDocument),
  };
  return memory;
}
