/** What a match is replaced by, in Python's form: text and numbers of groups. */
export type TextTemplate = readonly (string | number)[];

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  f: "\f",
  a: "\x07",
  b: "\b",
  "\\": "\\",
};

/**
 * Reads a replacement as Python's `re.sub` does: `\1`, `\g<1>`, `\g<name>`, `\n`, octal escapes; a backslash before anything but a letter
 * or digit stays.
 *
 * @param groups number of groups, and their numbers by name
 * @returns the template, or why it is none
 */
export function parseTemplate(
  text: string,
  groups: { readonly count: number; readonly names: ReadonlyMap<string, number> },
): { readonly template: TextTemplate } | { readonly error: string } {
  const parts: (string | number)[] = [];
  const add = (part: string): void => {
    const last = parts.at(-1);
    if (typeof last === "string") parts[parts.length - 1] = last + part;
    else parts.push(part);
  };
  let position = 0;
  while (position < text.length) {
    const rest = text.slice(position);
    if (!rest.startsWith("\\")) {
      const end = rest.indexOf("\\");
      const plain = end < 0 ? rest : rest.slice(0, end);
      add(plain);
      position += plain.length;
      continue;
    }
    const octal = /^\\(0[0-7]{0,2}|[1-3][0-7]{2})/.exec(rest);
    const number = /^\\([1-9]\d?)/.exec(rest);
    const named = /^\\g<([^>]*)>/.exec(rest);
    if (octal !== null) {
      add(String.fromCharCode(Number.parseInt(octal[1] ?? "0", 8)));
      position += octal[0].length;
    } else if (number !== null || named !== null) {
      const name = number?.[1] ?? named?.[1] ?? "";
      const group = /^\d+$/.test(name) ? Number(name) : groups.names.get(name);
      if (group === undefined || group > groups.count)
        return { error: `The replacement names the group "${name}", which the expression does not have` };
      parts.push(group);
      position += (number ?? named)?.[0].length ?? 1;
    } else {
      const next = rest.charAt(1);
      if (next === "") return { error: "A backslash ends the replacement" };
      if (Object.hasOwn(ESCAPES, next)) add(ESCAPES[next] ?? "");
      else if (/[A-Za-z]/.test(next)) return { error: `The replacement has the unknown escape "\\${next}"` };
      else add(`\\${next}`);
      position += 2;
    }
  }
  return { template: parts };
}

/** The template with the groups of a match put in; a group that took no part is empty. */
export function fillTemplate(template: TextTemplate, groups: readonly (string | undefined)[]): string {
  return template.map((part) => (typeof part === "string" ? part : (groups[part] ?? ""))).join("");
}
