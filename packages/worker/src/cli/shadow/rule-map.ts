import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const schema = z.record(z.string().min(1), z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]));

/**
 * Reads which rules of ours stand for a rule of theirs: a YAML map from its name to an id, or to a list of ids.
 *
 * @throws Error that says what is wrong with the file.
 */
export function readRuleMap(path: string): ReadonlyMap<string, readonly string[]> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message.split("\n")[0] ?? ""}`, { cause: error });
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success)
    throw new Error(
      `${path}: expected the name of their rule and the id of ours on each line, such as \`Their rule: 5ad9a1b0-…\`, at ${parsed.error.issues[0]?.path.join(".") || "the beginning"}.`,
    );
  return new Map(Object.entries(parsed.data).map(([name, ids]) => [name, typeof ids === "string" ? [ids] : ids]));
}
