/** One item of a bulk request: its action line and, but for a delete, its document line. */
interface BulkItem {
  readonly action: string;
  readonly target: { readonly _index?: string; readonly _id?: string };
  readonly lines: readonly string[];
}

/** A bulk request without some of its items, and what is needed to answer for all of them. */
export interface ThinnedBulk {
  /** NDJSON; empty when no item is left. */
  readonly body: string;
  readonly refused: number;
  /** The answer to the whole request, made of the node's answer to the rest. */
  answer(rest: BulkAnswer): BulkAnswer;
}

/** The part of Elasticsearch's answer that matters. */
export interface BulkAnswer {
  readonly took: number;
  readonly errors: boolean;
  readonly items: readonly Readonly<Record<string, object>>[];
}

/** Takes items out of a bulk request, as a node does whose write queue is full: they are not carried out. */
export function thinBulk(body: string, defaultIndex: string | undefined, isRefused: () => boolean): ThinnedBulk {
  const items = parseBulk(body).map((item) => ({ ...item, refused: isRefused() }));
  const kept = items.filter(({ refused }) => !refused);
  return {
    body: kept.map(({ lines }) => `${lines.join("\n")}\n`).join(""),
    refused: items.length - kept.length,
    answer: (rest) => {
      const answers = rest.items.values();
      return {
        took: rest.took,
        errors: rest.errors || kept.length < items.length,
        items: items.map(({ refused, action, target }) =>
          refused
            ? { [action]: tooBusy(target._index ?? defaultIndex, target._id) }
            : (answers.next().value ?? { [action]: {} }),
        ),
      };
    },
  };
}

function parseBulk(body: string): BulkItem[] {
  const lines = body.split("\n").filter((line) => line !== "");
  const items: BulkItem[] = [];
  for (let at = 0; at < lines.length;) {
    const head = lines[at] ?? "";
    const [action = "", target = {}] = Object.entries(JSON.parse(head) as Record<string, BulkItem["target"]>)[0] ?? [];
    const count = action === "delete" ? 1 : 2;
    items.push({ action, target, lines: lines.slice(at, at + count) });
    at += count;
  }
  return items;
}

const tooBusy = (index: string | undefined, id: string | undefined): object => ({
  _index: index,
  _id: id ?? null,
  status: 429,
  error: {
    type: "es_rejected_execution_exception",
    reason: "rejected execution of primary operation [coordinating_and_primary_bytes, fault proxy]",
  },
});
