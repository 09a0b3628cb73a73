/* oxlint-disable no-control-regex -- control characters are what attackers put in, and what has to be matched. */
import { CHARACTERS as C, kindsOf } from "./character-classes.ts";

const NEEDED = C.colon | C.dollar | C.operator | C.lineEnd | C.lookAlike | C.control;

/** PHP's form of an object, Java's stream magic (raw, hexadecimal, base64 at its three alignments), .NET's, Python's, Ruby's and node-serialize's. */
const SERIALISED =
  /(?:^|[;:{}"'=\s])[oc]:\d{1,9}:["']\w[\w\\]{0,128}["']:\d{1,9}:\{|\baced0005|\u00ac\u00ed\u0000\u0005|(?:^|[^\w+/])(?:rO0AB[\w+/]|KztAAU|Cs7QAF)|(?:^|[^\w+/])AAEAAAD\/\/\/\/\/|_\$\$nd_func\$\$_|!!(?:python\/(?:object|module|name)|javax?\.|ruby\/object)|!ruby\/(?:object|hash|struct)|"\$type"\s{0,4}:\s{0,4}"system\.|"@type"\s{0,4}:\s{0,4}"(?:com|org|java|javax|sun)\.|\bc__builtin__\n|\bcposix\nsystem|(?:^|[^\w+/])gASV[\w+/]{8}/i;
const CASE_MATTERS = /rO0AB|KztAAU|Cs7QAF|AAEAAAD|gASV/;

/** Says whether a value is an object serialised in a form whose reader runs code. */
export function isUnsafeDeserialization(value: string, kinds: number = kindsOf(value)): boolean {
  if ((kinds & NEEDED) === 0 && !CASE_MATTERS.test(value) && !value.includes("aced")) return false;
  const match = SERIALISED.exec(value);
  if (match === null) return false;
  return !/^.?(?:ro0ab|kztaau|cs7qaf|aaeaaad|gasv)/i.test(match[0]) || CASE_MATTERS.test(match[0]);
}
