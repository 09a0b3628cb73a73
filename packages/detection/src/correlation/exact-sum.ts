/**
 * The sum of numbers as if it were computed without rounding and rounded once at the end, whatever their order (Shewchuk 1997: a sum as parts that do not
 * overlap). Beyond the range of numbers it is an infinity.
 */
export function exactSum(numbers: Float64Array, first: number, last: number): number {
  let whole = 0;
  let size = 0;
  for (let index = first; index <= last; index++) {
    const number = numbers[index] ?? 0;
    if (!Number.isInteger(number)) return sumOfParts(numbers, first, last);
    whole += number;
    size += Math.abs(number);
    if (size > Number.MAX_SAFE_INTEGER) return sumOfParts(numbers, first, last);
  }
  return whole;
}

function sumOfParts(numbers: Float64Array, first: number, last: number): number {
  const parts: number[] = [];
  for (let index = first; index <= last; index++) {
    let high = numbers[index] ?? 0;
    let kept = 0;
    for (const part of parts) {
      const [large, small] = Math.abs(high) < Math.abs(part) ? [part, high] : [high, part];
      const sum = large + small;
      // Too large for a number: scaled down, the order of what is added could not matter any more for what is compared.
      if (!Number.isFinite(sum)) return scaledSum(numbers, first, last);
      const rest = small - (sum - large);
      if (rest !== 0) parts[kept++] = rest;
      high = sum;
    }
    parts.length = kept;
    parts.push(high);
  }
  return rounded(parts);
}

/** The parts, from small to large, as one number, rounded half to even. */
function rounded(parts: readonly number[]): number {
  let index = parts.length - 1;
  if (index < 0) return 0;
  let high = parts[index] ?? 0;
  let rest = 0;
  while (index > 0) {
    const before = high;
    const part = parts[--index] ?? 0;
    high = before + part;
    rest = part - (high - before);
    if (rest !== 0) break;
  }
  // Half a unit in the last place goes the way of what is left below it.
  const below = parts[index - 1] ?? 0;
  if ((rest < 0 && below < 0) || (rest > 0 && below > 0)) {
    const doubled = rest * 2;
    const next = high + doubled;
    if (next - high === doubled) high = next;
  }
  return high;
}

function scaledSum(numbers: Float64Array, first: number, last: number): number {
  return (
    sumOfParts(
      numbers.slice(first, last + 1).map((number) => number / 2 ** 64),
      0,
      last - first,
    ) *
    2 ** 64
  );
}
