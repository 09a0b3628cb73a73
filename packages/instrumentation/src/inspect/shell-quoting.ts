/** Parameters that are empty where nobody set them, command substitutions of nothing, quotes around nothing: all stand in the middle of words. */
const EMPTY =
  /\$[@*!$\-?_]|\$\{[a-z@*!]?\w{0,12}\}|``|\$\(\)|[<>]\(\)|''|""|\$[a-z](?=[\s/+a-z,}]|$)(?![a-z]{2})|\$\(\(\d{0,3}\)\)/gi;
const FIELD_SEPARATOR = /\$\{?IFS(?:%\?\?|:[^}]{0,8})?\}?(?:\$[1-9])?/g;
const ONE_OF_ONE = /\[([a-z])\]/gi;
const BRACES = /\{([\w./-]{1,24}),([^{}]{1,80})\}/g;

/** What a shell makes of a text: quotes, escapes and empty parameters inside words gone, field separators as spaces. */
export function undoShellQuoting(text: string): string {
  if (!/['"\\$`{[]|\+|[<>]\(/.test(text)) return text;
  return text
    .replaceAll(FIELD_SEPARATOR, " ")
    .replaceAll(EMPTY, "")
    .replaceAll(/(['"])([\w./?*-]{1,24})\1/g, "$2")
    .replaceAll(/(?<=\w)["'](?=[\w*?])|(?<=[\w*?])["'](?=\w)/g, "")
    .replaceAll(/\\(?=[a-z*?_/-])(?<![a-z]:\\)/gi, "")
    .replaceAll(ONE_OF_ONE, "$1")
    .replaceAll(BRACES, (_whole, first: string, rest: string) => `${first} ${rest.replaceAll(",", " ")}`)
    .replaceAll(/(?<=[a-z;|&*])\+(?=[/~a-z-])/gi, " ");
}

/** Files that patterns of file names are written for, so as not to name them. */
const KNOWN_FILES =
  "/etc/passwd /etc/shadow /etc/hosts /etc/group /etc/subuid /bin/cat /bin/sh /bin/bash /bin/ls /bin/nc /bin/ping /bin/id /bin/uname /usr/bin/id /usr/bin/whoami /usr/bin/wget /usr/bin/curl /usr/bin/python3 /usr/bin/perl /usr/bin/nc /usr/bin/env".split(
    " ",
  );
const PATTERN_PATH = /(?:^|[\s;|&+=])(\/(?:[a-z?*[\]!]{1,16}\/){1,3}[a-z?*[\]!]{1,24})/gi;

/** Says whether a text has a pattern of file names (`/et*\/pa?swd`) that stands for a file that intruders are after. */
export function matchesKnownFile(text: string): boolean {
  if (!/\/[a-z]{0,12}[?*[]|[?*\]][a-z]{0,12}\/|\/[a-z]{1,12}\/[a-z]{0,12}[?*[]/i.test(text)) return false;
  for (const match of text.matchAll(PATTERN_PATH)) {
    const pattern = (match[1] ?? "").toLowerCase();
    if (!/[?*[]/.test(pattern) || !/[a-z]/.test(pattern.replaceAll(/\[[^\]]{0,16}\]/g, ""))) continue;
    if (KNOWN_FILES.some((file) => matchesPattern(pattern, file))) return true;
  }
  return false;
}

/** Matches `?`, `*` and `[…]` of file names, in time of the product of both lengths. */
function matchesPattern(pattern: string, file: string): boolean {
  const parts = pattern.match(/\[[^\]]{0,16}\]|./g) ?? [];
  let states = new Set([0]);
  const withStars = (set: Set<number>): Set<number> => {
    for (const state of set) if (parts[state] === "*") set.add(state + 1);
    return set;
  };
  withStars(states);
  for (const character of file) {
    const next = new Set<number>();
    for (const state of states) {
      const part = parts[state];
      if (part === undefined) continue;
      if (part === "*" && character !== "/") next.add(state);
      else if (part === character || (part === "?" && character !== "/")) next.add(state + 1);
      else if (part.length > 1 && isInSet(part, character)) next.add(state + 1);
    }
    states = withStars(next);
    if (states.size === 0) return false;
  }
  return states.has(parts.length);
}

function isInSet(part: string, character: string): boolean {
  const negated = part[1] === "!" || part[1] === "^";
  return part.slice(negated ? 2 : 1, -1).includes(character) !== negated;
}
