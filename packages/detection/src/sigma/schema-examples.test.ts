import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { sharedText, skipReason, withSharedData } from "../testing/shared-data.ts";
import { loadRules } from "./load-rules.ts";

interface Example {
  readonly path: string;
  readonly yaml: string;
}

interface Document {
  readonly logsource?: Readonly<Record<string, string>>;
  readonly correlation?: { readonly rules: readonly string[] };
  readonly filter?: { readonly rules: readonly string[] };
}

/** A rule that an example refers to, which the specification does not show. */
function companion(reference: string, logsource: Readonly<Record<string, string>>): string {
  const isId = /^[0-9a-f-]{36}$/.test(reference);
  const id = isId ? reference : `companion-${reference}`;
  return JSON.stringify({
    title: `Companion ${reference}`,
    id,
    ...(isId ? {} : { name: reference }),
    logsource,
    detection: { selection: { Image: "a" }, condition: "selection" },
  });
}

describe.skipIf(!withSharedData)(`the schema examples of the specification${skipReason}`, () => {
  const examples = withSharedData
    ? (JSON.parse(sharedText("sigma-spec/schema-valid-examples.json")) as readonly Example[])
    : [];

  test("are twelve", () => {
    expect(examples).toHaveLength(12);
  });

  test.each(examples.map((example) => [example.path, example.yaml] as const))("%s is loaded", (path, yaml) => {
    const document = parse(yaml) as Document;
    const references = document.correlation?.rules ?? document.filter?.rules ?? [];
    const others = references.map((reference) => ({
      path: `${reference}.yml`,
      text: companion(reference, document.logsource ?? { category: "process_creation" }),
    }));
    const { rules, filters, problems } = loadRules([{ path, text: yaml }, ...others]);
    expect(problems.filter(({ severity, path: where }) => severity === "error" || where !== path)).toEqual([]);
    if (document.filter === undefined) expect(rules.map((rule) => rule.path)).toContain(path);
    else {
      expect(filters.map((filter) => [filter.path, filter.ruleIds])).toEqual([[path, references]]);
      expect(rules.map((rule) => rule.filters)).toEqual(references.map(() => [filters[0]?.id]));
    }
  });
});
