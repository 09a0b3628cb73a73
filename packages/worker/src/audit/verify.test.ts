import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { type ChainHead, type ChainRow, EMPTY_CHAIN, entryOf, link, sha256 } from "./chain.ts";
import { trimContent, trimOf } from "./trim.ts";
import { createChainVerifier } from "./verify.ts";

const content = (index: number) => ({
  time: index + 0.5,
  actor: "worker",
  action: "test",
  subject: `s${index}`,
  details: { index, text: "é\u0000" },
});

function chain(length: number): ChainRow[] {
  const rows: ChainRow[] = [];
  for (let index = 0; index < length; index += 1) rows.push(link(rows.at(-1) ?? EMPTY_CHAIN, content(index)));
  return rows;
}

const headOf = (rows: readonly ChainRow[]): ChainHead => rows.at(-1) ?? EMPTY_CHAIN;

function verdict(
  rows: readonly ChainRow[],
  head: ChainHead | undefined = headOf(rows),
  anchors: readonly ChainHead[] = [],
) {
  const verifier = createChainVerifier(head, anchors);
  for (const row of rows) if (!verifier.take(row)) break;
  return verifier.finish();
}

/** The row, changed and given the hash that fits. */
const forged = (row: ChainRow, change: object): ChainRow => {
  const { hash: _hash, ...entry } = entryOf(row);
  const text = canonicalJson({ ...entry, ...change });
  return { ...row, entry: text, hash: sha256(text) };
};

describe("the audit chain", () => {
  test("holds as it was made", () => {
    expect(verdict([])).toEqual({ ok: true, entries: 0 });
    expect(verdict(chain(5))).toEqual({ ok: true, entries: 5 });
    expect(verdict(chain(5), headOf(chain(5)), [headOf(chain(3)), headOf(chain(5))])).toEqual({ ok: true, entries: 5 });
    expect(entryOf(chain(1)[0] as ChainRow)).toMatchObject({
      sequence: 1,
      ...content(0),
      previousHash: EMPTY_CHAIN.hash,
    });
  });

  const rows = chain(6);
  const [r1, r2, r3, r4, r5, r6] = rows as [ChainRow, ChainRow, ChainRow, ChainRow, ChainRow, ChainRow];
  const relinked = (() => {
    const changed = [r1, r2, forged(r3, { actor: "nobody" })];
    for (const index of [3, 4, 5]) changed.push(link(headOf(changed), content(index)));
    return changed;
  })();

  test.each<[string, readonly ChainRow[], ChainHead | undefined, readonly ChainHead[], number, RegExp]>([
    [
      "content changed",
      [r1, r2, { ...r3, entry: r3.entry.replace("worker", "nobody") }, r4],
      r6,
      [],
      3,
      /hash does not fit/,
    ],
    ["content and hash changed", [r1, r2, forged(r3, { actor: "nobody" }), r4], r6, [], 4, /does not link/],
    ["an entry removed from the middle", [r1, r2, r4, r5, r6], r6, [], 3, /entry 3 is missing/],
    ["an entry removed and the others moved up", [r1, r2, { ...r4, sequence: 3 }], r6, [], 3, /out of place/],
    ["entries removed from the end", [r1, r2, r3], r6, [], 4, /entries 4 to 6 are missing/],
    [
      "entries removed from the end with the record of the end",
      [r1, r2, r3],
      r3,
      [r5],
      4,
      /entries 4 to 5 are missing/,
    ],
    ["an entry put on the end", [...rows, link(headOf(rows), content(6))], r6, [], 7, /does not know/],
    ["a chain rewritten from the middle", relinked, headOf(relinked), [r2, r4], 4, /an anchor outside/],
    ["white space added", [r1, { ...r2, entry: ` ${r2.entry}`, hash: sha256(` ${r2.entry}`) }], r6, [], 2, /canonical/],
    ["no JSON", [{ ...r1, entry: "?", hash: sha256("?") }], r6, [], 1, /not an entry/],
    ["JSON null", [{ ...r1, entry: "null", hash: sha256("null") }], r6, [], 1, /canonical/],
    ["the record of the end changed", rows, { ...r6, hash: r5.hash }, [], 6, /names another hash/],
    ["the record of the end unreadable", rows, undefined, [], 7, /end is damaged/],
  ])("is broken by %s", (_, changed, head, anchors, brokenAt, reason) => {
    const verifier = createChainVerifier(head, anchors);
    for (const row of changed) verifier.take(row);
    expect(verifier.finish()).toEqual({
      ok: false,
      entries: expect.any(Number) as unknown,
      brokenAt,
      reason: expect.stringMatching(reason) as unknown,
    });
  });

  test("is broken at the entry in which any one character was changed", () => {
    fc.assert(
      fc.property(
        fc.nat(5),
        fc.nat(),
        fc.constantFrom("entry" as const, "hash" as const),
        fc.integer({ min: 1, max: 127 }),
        (index, at, column, flip) => {
          const row = rows[index] as ChainRow;
          const position = at % row[column].length;
          const text = row[column];
          const other = String.fromCharCode(text.charCodeAt(position) ^ flip);
          const changed = rows.with(index, {
            ...row,
            [column]: text.slice(0, position) + other + text.slice(position + 1),
          });
          expect(verdict(changed, r6)).toMatchObject({ ok: false, brokenAt: index + 1 });
        },
      ),
    );
  });
});

describe("a chain whose older part was deleted", () => {
  const old = chain(4);
  const through = old[2] as ChainRow;
  const trim = link(headOf(old), trimContent(through, 9, 5));
  const last = link(trim, content(6));
  const left = [old[3] as ChainRow, trim, last];
  const verdictFrom = (rows: readonly ChainRow[], begin: ChainHead | undefined) => {
    const verifier = createChainVerifier(last, [], begin);
    for (const row of rows) verifier.take(row);
    return verifier.finish();
  };

  test("holds from where its own entry says, and only from there", () => {
    expect(trimOf(trim)).toEqual({ sequence: 3, hash: through.hash });
    expect(verdictFrom(left, trimOf(trim))).toEqual({ ok: true, entries: 3 });
    expect(verdictFrom(left.slice(1), trimOf(trim))).toMatchObject({ ok: false, brokenAt: 4 });
    expect(verdictFrom(left, { sequence: 3, hash: "0".repeat(64) })).toMatchObject({ ok: false, brokenAt: 4 });
    expect(verdictFrom(left, undefined)).toMatchObject({ ok: false, brokenAt: 1 });
  });

  test.each<[string, string]>([
    ["an entry of another action", link(headOf(old), content(4)).entry],
    ["one that would vouch for itself", forged(trim, { sequence: 3 }).entry],
    ["no hash", forged(trim, { details: { through: 3 } }).entry],
    ["no JSON", "{"],
  ])("is not begun by %s", (_, entry) => {
    expect(trimOf({ entry })).toBeUndefined();
  });
});

describe("canonicalJson", () => {
  test.each<[unknown, string]>([
    [{ b: 1, a: [true, null, "x"], "": {} }, '{"":{},"a":[true,null,"x"],"b":1}'],
    [{ gone: undefined, kept: [undefined] }, '{"kept":[null]}'],
    [-0, "0"],
    [1e21, "1e+21"],
    [0.1, "0.1"],
    ['é\u{1f600}\u007f\n"', '"\\u00e9\\ud83d\\ude00\\u007f\\n\\""'],
  ])("%j", (value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });

  test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [1n], [() => 1]])("refuses %s", (value) => {
    expect(() => canonicalJson({ value })).toThrow(TypeError);
  });

  test("keeps the value, ignores the order of keys, and is printable ASCII", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).toMatch(/^[ -~]*$/);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        const reversed = (item: unknown): unknown =>
          Array.isArray(item)
            ? item.map(reversed)
            : typeof item === "object" && item !== null
              ? Object.fromEntries(
                  Object.entries(item)
                    .reverse()
                    .map(([key, member]) => [key, reversed(member)]),
                )
              : item;
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
    );
  });
});
