import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactSum } from "./exact-sum.ts";

const sumOf = (numbers: readonly number[]): number => exactSum(Float64Array.from(numbers), 0, numbers.length - 1);

/** Every double is a whole multiple of 2^-1074: added as whole numbers, then rounded once by the language. */
function slowSum(numbers: readonly number[]): number {
  const digits = 1_074n;
  const whole = (number: number): bigint => {
    const bits = new BigUint64Array(Float64Array.of(Math.abs(number)).buffer)[0] ?? 0n;
    const exponent = bits >> 52n;
    const fraction = bits & ((1n << 52n) - 1n);
    const value = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
    return number < 0 ? -value : value;
  };
  const total = numbers.reduce((sum, number) => sum + whole(number), 0n);
  const isNegative = total < 0n;
  const size = isNegative ? -total : total;
  // Down to 64 significant bits with the rest gathered in the last one, so that rounding to 53 bits is right.
  const length = BigInt(size.toString(2).length);
  const shift = length > 64n ? length - 64n : 0n;
  const head = (size >> shift) | (size & ((1n << shift) - 1n) ? 1n : 0n);
  const exponent = Number(shift - digits);
  const result = Number(head) * 2 ** Math.max(exponent, -1_000) * 2 ** Math.min(0, exponent + 1_000);
  return isNegative ? -result : result;
}

describe("the exact sum", () => {
  test.each<[readonly number[], number]>([
    [[], 0],
    [[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 1],
    [[1e16, 1, -1e16], 1],
    [[1, 1e100, 1, -1e100], 2],
    [[2 ** 53, 1, 2 ** -60], 2 ** 53 + 2],
    [[2 ** 53, 1], 2 ** 53],
    [[1.7e308, 1.7e308, -1.7e308], 1.7e308],
    [[1.7e308, 1.7e308], Infinity],
  ])("of %j is %d", (numbers, sum) => {
    expect(sumOf(numbers)).toBe(sum);
  });

  test("does not depend on order, and is rounded once", () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e200, max: 1e200 }),
      fc.double({ noNaN: true, min: -10, max: 10 }),
      fc.integer(),
      fc.constantFrom(2 ** 53, -(2 ** 53), 2 ** -53, 0.1, -0.1),
    );
    fc.assert(
      fc.property(fc.array(number, { maxLength: 12 }), (numbers) => {
        const sum = sumOf(numbers);
        expect(sumOf(numbers.toReversed()) + 0).toBe(sum + 0);
        expect(sumOf(numbers.toSorted((a, b) => a - b)) + 0).toBe(sum + 0);
        if (Math.abs(sum) > 1e-290) expect(sum).toBe(slowSum(numbers));
      }),
      { numRuns: 2_000 },
    );
  });
});
