import type { JsonObject } from "@vedette/detection";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../audit/canonical-json.ts";
import type { WriteOperation, WriteOutcome } from "../../elasticsearch/write.ts";
import type { RawRecord } from "../../record.ts";
import { receivedIndex, unwrapEvent, wrapEvent, wrapEventAsText } from "./received-document.ts";
import { createReceivedEvents } from "./received-events.ts";
import { streamOf, tailedRecord } from "./tailed-record.ts";

const record = (id: string, more: Partial<RawRecord> = {}): RawRecord => ({
  id,
  source: "otlp",
  position: "hash/0",
  partition: "shop",
  time: Date.UTC(2026, 10, 21),
  receivedAt: Date.UTC(2026, 10, 22),
  document: { a: 1 },
  ...more,
});

describe("the document of a received record", () => {
  const document = fc.dictionary(
    fc.oneof(fc.constantFrom("vedette", "attributes", "@timestamp"), fc.string()),
    fc.jsonValue(),
  ) as fc.Arbitrary<JsonObject>;

  it.each([
    ["beside its fields", wrapEvent],
    ["as text", wrapEventAsText],
  ])("gives back the record as it was, kept %s", (_, wrap) => {
    fc.assert(
      fc.property(document, fc.boolean(), (fields, undated) => {
        const own = record("x", { document: fields, ...(undated ? { undated } : {}) });
        const stored = JSON.parse(JSON.stringify(wrap(own))) as JsonObject;
        expect(canonicalJson(unwrapEvent(stored)?.document)).toBe(canonicalJson(JSON.parse(JSON.stringify(fields))));
        expect({ ...unwrapEvent(stored), document: undefined }).toEqual({ ...own, document: undefined });
      }),
    );
  });

  it.each<[string, JsonObject]>([
    ["nothing of ours", { a: 1 }],
    ["something else by our name", { vedette: { record: "x" } }],
    ["a text that is no JSON", { vedette: { record: { id: "x", time: 1, json: "{" } } }],
  ])("is not seen in %s", (_, stored) => {
    expect(unwrapEvent(stored)).toBeUndefined();
  });

  it.each<[string, Partial<RawRecord>, string]>([
    ["by its month", {}, "v-events-2026.11"],
    ["with those that have no time", { undated: true }, "v-events-undated"],
    ["with those of absurd times", { time: Date.UTC(9_000, 0) }, "v-events-after"],
    ["with those of long ago", { time: 0 }, "v-events-before"],
  ])("stands %s", (_, more, index) => {
    expect(receivedIndex("v", record("x", more))).toBe(index);
  });
});

describe("storing received records", () => {
  function store(decide: (operation: WriteOperation) => WriteOutcome["status"]) {
    const written: WriteOperation[] = [];
    const events = createReceivedEvents({
      prefix: "v",
      writer: {
        async write(operations) {
          written.push(...operations);
          return operations.map((operation): WriteOutcome => {
            const status = decide(operation);
            return status === "refused" ? { status, type: "mapper", reason: "no" } : { status };
          });
        },
      },
    });
    return { written, events };
  }

  it("tells new ones from those that were there", async () => {
    const { events } = store(({ id }) => (id === "b" ? "exists" : "written"));
    const records = [record("a"), record("b"), record("c")];
    expect(await events.append(records)).toEqual({ appended: 2, duplicate: 1, fresh: [records[0], records[2]] });
  });

  it("keeps a record as text whose fields are refused", async () => {
    const { events, written } = store(({ document }) => ("a" in document ? "refused" : "written"));
    expect(await events.append([record("a")])).toMatchObject({ appended: 1, duplicate: 0 });
    expect(unwrapEvent(written.at(-1)?.document as JsonObject)).toEqual(record("a"));
  });

  it("rejects when a record is refused in any form, so that it is not acknowledged", async () => {
    const { events } = store(() => "refused");
    await expect(events.append([record("a")])).rejects.toMatchObject({ code: "elasticsearch-refused" });
  });
});

describe("a tailed document", () => {
  it.each([
    [".ds-logs-nginx-default-2026.11.21-000001", "logs-nginx-default"],
    ["partial-.ds-logs-2026.11.21-000012", "logs"],
    ["remote:.ds-logs-2026.11.21-000012", "remote:logs"],
    ["logs-2026.11.21", "logs-2026.11.21"],
    [".ds-x", ".ds-x"],
  ])("of the index %s belongs to %s", (index, stream) => {
    expect(streamOf(index)).toBe(stream);
  });

  it("has the identity with which it was received, only in an index of received records", () => {
    const stored = wrapEvent(record("e", { partition: "shop" }));
    const origin = { source: "logs", stream: "s", partition: "p", isReceived: true };
    const document = { index: "i", id: "d", seqNo: 3, source: stored };
    expect(tailedRecord(document, origin, [], 0)).toEqual(record("e", { position: "i/3" }));
    expect(tailedRecord(document, { ...origin, isReceived: false }, [], 5)).toEqual({
      id: "s/d",
      source: "logs",
      position: "i/3",
      partition: "p",
      time: 5,
      undated: true,
      receivedAt: 5,
      document: stored,
    });
  });
});
