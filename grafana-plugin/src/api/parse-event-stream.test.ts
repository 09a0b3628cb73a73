import fc from "fast-check";
import { expect, it } from "vitest";
import { parseEventStream, type ServerSentEvent } from "./parse-event-stream.ts";

const parse = (pieces: readonly Uint8Array[]) => {
  const events: ServerSentEvent[] = [];
  const read = parseEventStream((event) => events.push(event));
  for (const piece of pieces) read(piece);
  return events;
};
const bytes = (text: string) => new TextEncoder().encode(text);

it.each([
  { name: "one event", text: "event: change\ndata: {}\n\n", expected: [{ event: "change", data: "{}" }] },
  { name: "no event name", text: "data: a\n\n", expected: [{ event: "message", data: "a" }] },
  { name: "data over lines", text: "data: a\ndata:b\n\n", expected: [{ event: "message", data: "a\nb" }] },
  {
    name: "comments and unknown fields",
    text: ": heartbeat\n\nid: 7\nretry: 1\ndata: a\n\n",
    expected: [{ event: "message", data: "a" }],
  },
  { name: "an event without data", text: "event: change\n\n", expected: [] },
  { name: "an event without its end", text: "data: a\n", expected: [] },
  {
    name: "carriage returns",
    text: "data: a\r\n\r\ndata: b\r\rdata: c\n\n",
    expected: ["a", "b", "c"].map((data) => ({ event: "message", data })),
  },
])("reads $name", ({ text, expected }) => {
  expect(parse([bytes(text)])).toEqual(expected);
});

it("reads the same however the stream is cut", () => {
  const whole = bytes(
    "event: change\r\ndata: né\r\n\r\n: heartbeat\n\ndata: a\ndata: 🛡\n\nevent: resync\rdata: {}\r\rdata: z\n\n",
  );
  const expected = parse([whole]);
  expect(expected).toHaveLength(4);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: whole.length })), (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), whole.length];
      const pieces = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
      expect(parse(pieces)).toEqual(expected);
    }),
  );
});
