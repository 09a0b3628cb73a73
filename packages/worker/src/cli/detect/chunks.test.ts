import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkBuffers, chunksOf } from "./chunks.ts";

interface Text {
  readonly text: string;
  readonly line: number;
}

/** The values that a stream, coming in pieces of so many bytes, is cut into. */
async function read(content: string | Uint8Array, size = content.length || 1): Promise<Text[]> {
  const bytes = Buffer.from(content);
  const pieces = (async function* () {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  })();
  const result: Text[] = [];
  let line = 1;
  for await (const chunk of chunksOf(pieces, new ChunkBuffers())) {
    if (chunk.kind === "overlong") result.push({ text: "overlong", line: chunk.line ?? line++ });
    else if (chunk.kind === "texts")
      for (const [index, text] of chunk.texts.entries()) result.push({ text, line: chunk.lines[index] ?? 0 });
    else {
      const lines = Buffer.from(chunk.buffer, 0, chunk.length).toString().split("\n");
      for (const [index, text] of lines.entries()) if (text.trim() !== "") result.push({ text, line: line + index });
      line += lines.length - 1;
    }
  }
  return result;
}

describe("a stream of JSON is cut into values", () => {
  test.each<[string, string, readonly (readonly [string, number])[]]>([
    ["nothing", " \n ", []],
    [
      "lines",
      '{"a":1}\n\n{"a":2}\r\n{"a":3}',
      [
        ['{"a":1}', 1],
        ['{"a":2}', 3],
        ['{"a":3}', 4],
      ],
    ],
    [
      "a broken line between others",
      '{"a":1}\n{"a\n{"a":3}\n',
      [
        ['{"a":1}', 1],
        ['{"a', 2],
        ['{"a":3}', 3],
      ],
    ],
    [
      "an array",
      '[{"a":[1,{"b":"],"}]},\n {"a":2}]\n',
      [
        ['{"a":[1,{"b":"],"}]}', 1],
        ['{"a":2}', 2],
      ],
    ],
    [
      "an array with a broken element",
      '[{"a":1},{"a":},{"a":3}]',
      [
        ['{"a":1}', 1],
        ['{"a":}', 1],
        ['{"a":3}', 1],
      ],
    ],
    ["an empty array", "[ ]", []],
    [
      "an array that is cut off",
      '[{"a":1},{"a"',
      [
        ['{"a":1}', 1],
        ['{"a"', 1],
      ],
    ],
    [
      "objects over several lines",
      '{\n "a": "}\\"{",\n "b": {}\n}\n{\n "a": 2\n}\n',
      [
        ['{\n "a": "}\\"{",\n "b": {}\n}', 1],
        ['{\n "a": 2\n}', 5],
      ],
    ],
  ])("%s", async (_name, text, expected) => {
    for (const size of [text.length || 1, 1, 3]) {
      const values = await read(text, size);
      expect(values.map((value) => [value.text.trim(), value.line])).toEqual(expected);
    }
  });

  test("whatever the values and however the stream is cut", async () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        objects,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom("lines", "array", "pretty array"),
        async (values, size, form) => {
          const text =
            form === "lines"
              ? values.map((value) => `${JSON.stringify(value)}\n`).join("")
              : JSON.stringify(values, null, form === "array" ? 0 : 2);
          const found = await read(text, size);
          expect(found.map((item) => JSON.parse(item.text) as unknown)).toEqual(JSON.parse(JSON.stringify(values)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a line longer than a chunk is whole, and one beyond the limit costs itself alone", async () => {
    const long = `{"a":"${"x".repeat(3_000_000)}"}`;
    const found = await read(`{"a":1}\n${long}\n{"a":2}\n`, 65_536);
    expect(found.map(({ text, line }) => [text.length, line])).toEqual([
      [7, 1],
      [long.length, 2],
      [7, 3],
    ]);
    const endless = Buffer.alloc(70 * 1024 * 1024, "y");
    const around = await read(Buffer.concat([Buffer.from('{"a":1}\n'), endless, Buffer.from('\n{"a":2}\n')]), 1 << 20);
    expect(around).toEqual([
      { text: '{"a":1}', line: 1 },
      { text: "overlong", line: 2 },
      { text: '{"a":2}', line: 3 },
    ]);
  });

  test("whole lines do not wait for the next piece", async () => {
    const { promise: never, resolve } = Promise.withResolvers<IteratorResult<Uint8Array>>();
    const first: IteratorResult<Uint8Array> = { done: false, value: Buffer.from('{"a":1}\n{"a":') };
    const answers = [Promise.resolve(first), never];
    const pieces: AsyncIterator<Uint8Array> = { next: () => answers.shift() ?? never };
    const chunks = chunksOf(pieces, new ChunkBuffers());
    const { value } = await chunks.next();
    expect(value).toMatchObject({ kind: "lines", length: 8 });
    resolve({ done: true, value: undefined });
    expect((await chunks.next()).value).toMatchObject({ kind: "lines", length: 5 });
  });
});
