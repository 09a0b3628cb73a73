import { describe, expect, it } from "vitest";
import { openApiDocument } from "./openapi.ts";
import { ROUTES, type Route } from "./routes.ts";

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name?: string;
    readonly in?: string;
    readonly required?: boolean;
    readonly $ref?: string;
  }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly securitySchemes: object };
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : references(inner)));
}

function resolve(pointer: string): unknown {
  let value: unknown = document;
  for (const key of pointer.slice(2).split("/")) {
    value = (value as Record<string, unknown>)[key.replaceAll("~1", "/").replaceAll("~0", "~")];
    if (value === undefined) return undefined;
  }
  return value;
}

describe("openApiDocument", () => {
  it.each(Object.entries<Route>(ROUTES))("describes %s", (id, route) => {
    const operation = document.paths[route.path]?.[route.method.toLowerCase()];
    expect(operation?.operationId).toBe(id);
    expect(operation?.responses).toHaveProperty("200");
    expect(operation?.responses).toHaveProperty("401");
    expect(operation?.requestBody !== undefined).toBe(route.body !== undefined);
    const inPath = operation?.parameters?.filter((parameter) => parameter.in === "path") ?? [];
    expect(inPath.map((parameter) => `{${parameter.name}}`)).toEqual(route.path.match(/\{\w+\}/g) ?? []);
    expect(inPath.every((parameter) => parameter.required === true)).toBe(true);
    const asksForKey =
      operation?.parameters?.some((parameter) => parameter.$ref === "#/components/parameters/IdempotencyKey") ?? false;
    expect(asksForKey).toBe(route.method !== "GET");
  });

  it("has only references that resolve, all within the document", () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((pointer) => !pointer.startsWith("#/") || resolve(pointer) === undefined)).toEqual([]);
  });

  it("uses every component schema and each operation id once", () => {
    const used = new Set(references(document));
    const orphans = Object.keys(document.components.schemas).filter((id) => !used.has(`#/components/schemas/${id}`));
    // Named for readers of the stream, whose content type has no schema of its data.
    expect(orphans).toEqual(["Change"]);
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("says OpenAPI 3.1 and leaves no keyword behind that JSON Schema 2020-12 does not have", () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    const text = JSON.stringify(document.components.schemas);
    expect(text).not.toContain("$defs");
    expect(text).not.toContain('"nullable"');
    expect(text).not.toMatch(/"id":"[A-Z]/);
  });

  it("refuses unknown fields in requests and allows later versions to add fields to answers", () => {
    expect(document.components.schemas["AlertChange"]).toMatchObject({ additionalProperties: false });
    expect(document.components.schemas["Alert"]).not.toHaveProperty("additionalProperties");
  });
});
