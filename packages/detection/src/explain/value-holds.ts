import { fold, foldDashes } from "../fold.ts";
import { globMatcher } from "../match/glob.ts";
import { timePart, toNumber } from "../match/value-test.ts";
import { contains, parseAddress } from "../network.ts";
import { mapLiterals } from "../sigma/pattern.ts";
import type { Comparison, Condition, ValueTest } from "../signature.ts";
import type { FieldReader, FieldReading } from "./read-field.ts";

/** Whether a condition holds, asked part by part and value by value: slow and plain. */
export function conditionHolds(condition: Condition, read: FieldReader): boolean {
  switch (condition.op) {
    case "test":
      return testHolds(condition.test, read(condition.field), read);
    case "not":
      return !conditionHolds(condition.item, read);
    case "and":
      return condition.items.every((item) => conditionHolds(item, read));
    case "or":
      return condition.items.some((item) => conditionHolds(item, read));
    case "atleast":
      return condition.items.filter((item) => conditionHolds(item, read)).length >= condition.count;
  }
}

/** Whether a field fulfils a test. */
export function testHolds(test: ValueTest, field: FieldReading, read: FieldReader): boolean {
  if (test.kind === "exists") return field.present;
  if (test.kind === "null") return field.texts.length === 0 && !field.structured;
  const holds = valueTester(test, read);
  return field.texts.some(holds);
}

/** Decides whether one text fulfils a test. */
export function valueTester(test: ValueTest, read: FieldReader): (text: string) => boolean {
  switch (test.kind) {
    case "exists":
      return () => true;
    case "null":
      return () => false;
    case "pattern": {
      const normal = (text: string): string => {
        const cased = test.cased ? text : fold(text);
        return test.dashes ? foldDashes(cased) : cased;
      };
      const matches = globMatcher(mapLiterals(test.pattern, normal));
      return (text) => matches(normal(text));
    }
    case "regex":
      return (text) => test.regex.test(text);
    case "cidr":
      return (text) => {
        const address = parseAddress(text.trim());
        return address !== undefined && contains(test.network, address);
      };
    case "compare":
      return (text) => {
        const number = test.part === undefined ? toNumber(text) : timePart(text, test.part);
        return number !== undefined && COMPARISONS[test.comparison](number, test.value);
      };
    case "fieldref": {
      const normal = test.cased ? (text: string): string => text : fold;
      const others = read(test.field).texts.map(normal);
      const related = POSITIONS[test.position];
      return (text) => others.some((other) => related(normal(text), other));
    }
  }
}

const COMPARISONS: Readonly<Record<Comparison, (number: number, value: number) => boolean>> = {
  lt: (number, value) => number < value,
  lte: (number, value) => number <= value,
  gt: (number, value) => number > value,
  gte: (number, value) => number >= value,
  eq: (number, value) => number === value,
};

const POSITIONS = {
  whole: (text: string, part: string): boolean => text === part,
  start: (text: string, part: string): boolean => text.startsWith(part),
  end: (text: string, part: string): boolean => text.endsWith(part),
  anywhere: (text: string, part: string): boolean => text.includes(part),
} as const;
