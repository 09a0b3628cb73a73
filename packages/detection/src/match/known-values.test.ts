import { describe, expect, test } from "vitest";
import { KnownValues } from "./known-values.ts";

describe("values of a field", () => {
  test("are remembered while they come again, with what was found out", () => {
    const values = new KnownValues();
    const first = values.of("C:\\Windows\\\u0130.EXE");
    first?.keep(7, [1, 2]);
    first?.answers.set(3, true);
    for (let round = 0; round < 5; round++)
      for (let other = 0; other < 300; other++) {
        values.of(`value ${other}`);
        values.of("C:\\Windows\\\u0130.EXE");
      }
    const again = values.of("C:\\Windows\\\u0130.EXE");
    expect(again).toBe(first);
    expect(again?.foundBy(7)).toEqual([1, 2]);
    expect(again?.foundBy(8)).toBeUndefined();
    expect(again?.answers.get(3)).toBe(true);
    expect(again?.folded).toBe("c:\\windows\\\u0130.exe");
  });

  test("are not remembered when each is new, until a while has passed", () => {
    const values = new KnownValues();
    let remembered = 0;
    for (let index = 0; index < 100_000; index++) if (values.of(`value ${index}`) !== undefined) remembered++;
    expect(remembered).toBeGreaterThan(500);
    expect(remembered).toBeLessThan(10_000);
  });

  test("are not remembered when they are longer than real ones", () => {
    expect(new KnownValues().of("x".repeat(10_000))).toBeUndefined();
  });

  test("keep what a few searches found, not what every search ever did", () => {
    const value = new KnownValues().of("value");
    for (let index = 0; index < 100; index++) value?.keep(index, [index]);
    expect(value?.foundBy(99)).toEqual([99]);
    expect(value?.foundBy(3)).toBeUndefined();
  });
});
