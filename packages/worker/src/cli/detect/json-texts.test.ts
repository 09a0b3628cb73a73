import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JsonText, jsonTexts } from "./json-texts.ts";

async function read(text: string, size = text.length || 1): Promise<JsonText[]> {
  const chunks = (async function* () {
    for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
  })();
  const result: JsonText[] = [];
  for await (const item of jsonTexts(chunks)) result.push(item);
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
    ["a byte order mark", '\uFEFF{"a":1}\n', [['{"a":1}', 1]]],
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
});
