import { z } from "zod";
import type { SettingMeta } from "./fields.ts";
import { configSchema } from "./schema.ts";

/** One setting, as the documentation lists it. */
export interface SettingRow {
  /** Dotted path; `[]` stands for each element of a list, `(file)` for the elements of that type. */
  readonly key: string;
  /** Environment variable that sets it; absent inside lists. */
  readonly environment?: string;
  readonly type: string;
  /** As it is written in YAML; absent when there is none. */
  readonly default?: string;
  readonly description: string;
  readonly secret: boolean;
  readonly required: boolean;
}

type Schema = z.core.$ZodType;

interface Unwrapped {
  readonly schema: Schema;
  readonly fallback?: unknown;
  readonly hasDefault: boolean;
  readonly optional: boolean;
}

/** What a schema is below `default`, `prefault`, `optional` and transforms. */
const unwrap = (schema: Schema): Unwrapped => {
  let fallback: unknown;
  let hasDefault = false;
  let optional = false;
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      if (!hasDefault) fallback = inner.def.defaultValue;
      hasDefault = true;
      inner = inner.def.innerType;
    } else if (inner instanceof z.ZodOptional) {
      optional = true;
      inner = inner.def.innerType;
    } else if (inner instanceof z.ZodPipe) {
      inner = inner.def.in;
    } else return { schema: inner, fallback, hasDefault, optional };
  }
};

const metaOf = (schema: Schema): SettingMeta & { readonly description?: string | undefined } => {
  let inner: Schema | undefined = schema;
  let found: SettingMeta & { description?: string | undefined } = {};
  while (inner !== undefined) {
    found = { ...z.globalRegistry.get(inner), ...found };
    inner =
      inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional
        ? inner.def.innerType
        : undefined;
  }
  return found;
};

const literalType = (option: Schema): string => {
  const type = option instanceof z.ZodObject ? unwrap(option.shape["type"] as Schema).schema : undefined;
  return type instanceof z.ZodLiteral ? String(type.value) : "";
};

const typeName = (schema: Schema): string => {
  const inner = unwrap(schema).schema;
  if (inner instanceof z.ZodBoolean) return "true or false";
  if (inner instanceof z.ZodNumber) return "whole number";
  if (inner instanceof z.ZodEnum) return inner.options.join(", ");
  if (inner instanceof z.ZodLiteral) return `\`${String(inner.value)}\``;
  if (inner instanceof z.ZodArray)
    return unwrap(inner.element).schema instanceof z.ZodString ? "list of texts" : "list";
  return "text";
};

/** The environment variable of a dotted path: `otlp.maxBodyBytes` is `VEDETTE_OTLP_MAX_BODY_BYTES`. */
export const environmentName = (path: readonly string[]): string =>
  `VEDETTE_${path.map((part) => part.replaceAll(/[A-Z]/g, "_$&").toUpperCase()).join("_")}`;

/** A setting that the environment can give: its path and how the text is read. */
export interface EnvironmentSetting {
  readonly path: readonly string[];
  readonly kind: "text" | "number" | "boolean" | "list" | "size";
}

interface Leaf {
  readonly path: readonly string[];
  readonly key: string;
  readonly schema: Schema;
  readonly inList: boolean;
}

function* leaves(schema: Schema, path: readonly string[], key: string, inList: boolean): Generator<Leaf> {
  const inner = unwrap(schema).schema;
  if (inner instanceof z.ZodObject) {
    for (const [name, field] of Object.entries(inner.shape)) {
      yield* leaves(field as Schema, [...path, name], key === "" ? name : `${key}.${name}`, inList);
    }
    return;
  }
  if (inner instanceof z.ZodDiscriminatedUnion) {
    for (const option of inner.options) yield* leaves(option, path, `${key}(${literalType(option)})`, true);
    return;
  }
  yield { path, key, schema, inList };
  if (inner instanceof z.ZodArray) {
    const element = unwrap(inner.element).schema;
    if (element instanceof z.ZodObject || element instanceof z.ZodDiscriminatedUnion) {
      yield* leaves(inner.element, path, `${key}[]`, true);
    }
  }
}

const yamlOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Every setting in the order of the schema. */
export const describeConfig = (): SettingRow[] =>
  [...leaves(configSchema, [], "", false)].map(({ path, key, schema, inList }) => {
    const meta = metaOf(schema);
    const { fallback, hasDefault, optional } = unwrap(schema);
    const elements = key.includes("[]") || typeName(schema) === "list";
    return {
      key,
      ...(inList || elements ? {} : { environment: environmentName(path) }),
      type: meta.type ?? typeName(schema),
      ...(hasDefault ? { default: yamlOf(fallback) } : {}),
      description: meta.description ?? "",
      secret: meta.secret === true,
      required: !hasDefault && !optional,
    };
  });

/** Settings that the environment can give, by variable name. */
export const environmentSettings = (): ReadonlyMap<string, EnvironmentSetting> => {
  const settings = new Map<string, EnvironmentSetting>();
  for (const { path, schema, inList } of leaves(configSchema, [], "", false)) {
    const inner = unwrap(schema).schema;
    const elementIsText = inner instanceof z.ZodArray && unwrap(inner.element).schema instanceof z.ZodString;
    if (inList || (inner instanceof z.ZodArray && !elementIsText)) continue;
    const kind =
      inner instanceof z.ZodNumber
        ? "number"
        : inner instanceof z.ZodBoolean
          ? "boolean"
          : inner instanceof z.ZodArray
            ? "list"
            : metaOf(schema).type === "size"
              ? "size"
              : "text";
    settings.set(environmentName(path), { path, kind });
  }
  return settings;
};

/** The names allowed at a place of the configuration, none when it is no mapping. */
export const namesAt = (path: readonly PropertyKey[]): readonly string[] => {
  let candidates: Schema[] = [configSchema];
  for (const part of path) {
    candidates = candidates.flatMap((candidate) => {
      const inner = unwrap(candidate).schema;
      if (inner instanceof z.ZodArray) return [inner.element];
      const options = inner instanceof z.ZodDiscriminatedUnion ? inner.options : [inner];
      return options.flatMap((option) => {
        const shape = option instanceof z.ZodObject ? option.shape : {};
        const field: unknown = typeof part === "string" && Object.hasOwn(shape, part) ? shape[part] : undefined;
        return field === undefined ? [] : [field as Schema];
      });
    });
  }
  const objects = candidates.flatMap((candidate) => {
    const inner = unwrap(candidate).schema;
    return inner instanceof z.ZodDiscriminatedUnion ? inner.options : [inner];
  });
  return [...new Set(objects.flatMap((object) => (object instanceof z.ZodObject ? Object.keys(object.shape) : [])))];
};

/** Paths (with `*` for each element of a list) of the settings that carry a mark. */
export const markedPaths = (mark: "secret" | "path"): readonly (readonly string[])[] => {
  const found: string[][] = [];
  const visit = (schema: Schema, path: string[]): void => {
    const inner = unwrap(schema).schema;
    if (metaOf(schema)[mark] === true) found.push(inner instanceof z.ZodArray ? [...path, "*"] : path);
    else if (inner instanceof z.ZodObject) {
      for (const [name, field] of Object.entries(inner.shape)) visit(field as Schema, [...path, name]);
    } else if (inner instanceof z.ZodArray) visit(inner.element, [...path, "*"]);
    else if (inner instanceof z.ZodDiscriminatedUnion) {
      for (const option of inner.options) visit(option, path);
    }
  };
  visit(configSchema, []);
  return [...new Map(found.map((path) => [path.join("."), path])).values()];
};
