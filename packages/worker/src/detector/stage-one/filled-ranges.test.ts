import { describe, expect, it } from "vitest";
import { addFilled, type FilledRange, type FilledShardDocument, keepFilled, MAX_FILLED } from "./filled-ranges.ts";

const range = (from: number, to: number, more: Partial<FilledRange> = {}): FilledRange => ({
  from,
  to,
  ruleSet: "a",
  ...more,
});

describe("what was judged again", () => {
  it.each([
    ["touching ranges of one set are one", [range(0, 4)], range(5, 9), [range(0, 9)]],
    ["overlapping ones too, also several", [range(0, 4), range(8, 9)], range(3, 8), [range(0, 9)]],
    ["apart they stay apart", [range(0, 4)], range(6, 9), [range(0, 4), range(6, 9)]],
    [
      "sets of rules stay apart",
      [range(0, 4)],
      range(5, 9, { ruleSet: "b" }),
      [range(0, 4), range(5, 9, { ruleSet: "b" })],
    ],
    [
      "beginnings in time stay apart",
      [range(0, 4)],
      range(0, 4, { since: 7 }),
      [range(0, 4), range(0, 4, { since: 7 })],
    ],
    ["the same again adds nothing", [range(0, 4)], range(0, 4), [range(0, 4)]],
  ])("is joined: %s", (_, ranges, next, expected) => {
    expect(addFilled(ranges, next)).toEqual(expected);
  });

  it("forgets the oldest when there is too much", () => {
    let ranges: readonly FilledRange[] = [];
    for (let at = 0; at <= MAX_FILLED; at += 1) ranges = addFilled(ranges, range(at * 10, at * 10));
    expect(ranges).toHaveLength(MAX_FILLED);
    expect(ranges[0]?.from).toBe(10);
  });

  it("is noted beside what another worker notes at the same time", async () => {
    let stored: FilledShardDocument | undefined;
    let version = 0;
    let isDisturbed = true;
    await keepFilled(
      {
        async read() {
          await Promise.resolve();
          return [stored && { version: { seqNo: version, primaryTerm: 1 }, document: stored }];
        },
        async write(_id, document, expected) {
          await Promise.resolve();
          if (isDisturbed) {
            isDisturbed = false;
            version += 1;
            stored = { "@timestamp": "", resource: "r", ranges: [range(20, 29)] };
          }
          const isExpected =
            expected === "absent" ? stored === undefined : expected !== "any" && expected.seqNo === version;
          if (!isExpected) return { status: "conflict" };
          stored = document;
          version += 1;
          return { status: "written", version: { seqNo: version, primaryTerm: 1 } };
        },
      },
      "r",
      range(0, 9),
      0,
    );
    expect(stored?.ranges).toEqual([range(20, 29), range(0, 9)]);
  });
});
