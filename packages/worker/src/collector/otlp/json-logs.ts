import type { JsonObject, JsonValue } from "@vedette/detection";
import { DecodeBudget } from "./budget.ts";
import { decoding, RecordLimitError } from "./decode-error.ts";
import {
  asDouble,
  asInteger,
  asObject,
  field,
  hexField,
  listField,
  smallField,
  textField,
  timeField,
  wrong,
  type JsonFields,
} from "./json-fields.ts";
import { parseRequestJson } from "./json-text.ts";
import { jsonDouble, jsonInteger, KeyValues } from "./key-values.ts";
import { ELEMENTS_PER_RECORD, type RequestLimits } from "./limits.ts";
import { NO_RESOURCE, NO_SCOPE, type LogRecord, type LogResource, type LogScope, type LogSink } from "./log-model.ts";

const INT32 = [-2_147_483_648, 2_147_483_647] as const;
const UINT32 = [0, 4_294_967_295] as const;

/** The one field that an AnyValue may have, each with how it is read. */
const VALUE_FIELDS = [
  "stringValue",
  "boolValue",
  "intValue",
  "doubleValue",
  "arrayValue",
  "kvlistValue",
  "bytesValue",
] as const;

const readValue = (input: unknown, where: string, depth: number, budget: DecodeBudget): JsonValue => {
  budget.value(depth);
  const object = asObject(input, where);
  let found: JsonValue = null;
  let name: string | undefined;
  for (const candidate of VALUE_FIELDS) {
    const value = field(object, candidate);
    if (value === undefined) continue;
    if (name !== undefined) throw wrong(where, `one value, not ${name} and ${candidate}`);
    name = candidate;
    found = readOne(candidate, value, `${where}.${candidate}`, depth, budget);
  }
  return found;
};

const readOne = (
  name: (typeof VALUE_FIELDS)[number],
  value: unknown,
  where: string,
  depth: number,
  budget: DecodeBudget,
): JsonValue => {
  switch (name) {
    case "stringValue":
      if (typeof value !== "string") throw wrong(where, "a string");
      return value;
    case "boolValue":
      if (typeof value !== "boolean") throw wrong(where, "true or false");
      return value;
    case "intValue":
      return jsonInteger(asInteger(value, where));
    case "doubleValue":
      return jsonDouble(asDouble(value, where));
    case "bytesValue":
      if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw wrong(where, "base64");
      return Buffer.from(value, "base64").toString("base64");
    case "arrayValue":
      return listField(asObject(value, where), "values", where).map((element, index) =>
        readValue(element, `${where}.values[${index}]`, depth + 1, budget),
      );
    case "kvlistValue":
      return readPairs(asObject(value, where), "values", where, depth + 1, budget, false);
  }
};

const readPairs = (
  object: JsonFields,
  name: string,
  where: string,
  depth: number,
  budget: DecodeBudget,
  isAttributes: boolean,
): JsonObject => {
  const pairs = new KeyValues();
  for (const [index, element] of listField(object, name, where).entries()) {
    if (isAttributes) budget.attribute(pairs.count + 1);
    const at = `${where}.${name}[${index}]`;
    const pair = asObject(element, at);
    const value = field(pair, "value");
    if (value === undefined) budget.value(depth);
    pairs.add(textField(pair, "key", at), value === undefined ? null : readValue(value, `${at}.value`, depth, budget));
  }
  return pairs.object;
};

const readRecord = (object: JsonFields, where: string, budget: DecodeBudget): LogRecord => {
  const body = field(object, "body");
  return {
    timeUnixNano: timeField(object, "timeUnixNano", where),
    observedTimeUnixNano: timeField(object, "observedTimeUnixNano", where),
    severityNumber: smallField(object, "severityNumber", where, ...INT32),
    severityText: textField(object, "severityText", where),
    body: body === undefined ? undefined : (readValue(body, `${where}.body`, 1, budget) ?? undefined),
    attributes: readPairs(object, "attributes", where, 1, budget, true),
    droppedAttributesCount: smallField(object, "droppedAttributesCount", where, ...UINT32),
    traceId: hexField(object, "traceId", where),
    spanId: hexField(object, "spanId", where),
    eventName: textField(object, "eventName", where),
  };
};

const sample = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "(nested too deep to be shown)";
  }
};

/** A part shared by many records with its size, or the limit that it broke (then each of its records is refused). */
type Shared<T> = { readonly value: T; readonly bytes: number } | { readonly broken: RecordLimitError };

const readShared = <T>(input: unknown, budget: DecodeBudget, none: T, read: () => T): Shared<T> => {
  if (input === undefined) return { value: none, bytes: 0 };
  budget.startRecord();
  try {
    return { value: read(), bytes: sample(input).length };
  } catch (error) {
    if (error instanceof RecordLimitError) return { broken: error };
    throw error;
  }
};

/**
 * Reads the JSON encoding of an ExportLogsServiceRequest (OTLP 1.9, "JSON Protobuf Encoding": lowerCamelCase names, hexadecimal ids, 64-bit
 * integers as strings, unknown fields ignored). Throws an {@link OtlpDecodeError} and nothing else.
 */
export const readJsonLogs = (bytes: Uint8Array, limits: RequestLimits, sink: LogSink): void => {
  decoding(() => {
    const request = asObject(parseRequestJson(bytes, limits), "request");
    const budget = new DecodeBudget(limits);
    let index = 0;
    for (const [i, resourceInput] of listField(request, "resourceLogs", "request").entries()) {
      budget.take(1);
      const inResource = `resourceLogs[${i}]`;
      const ofResource = asObject(resourceInput, inResource);
      const schemaUrl = textField(ofResource, "schemaUrl", inResource);
      const resourceField = field(ofResource, "resource");
      const resource = readShared<LogResource>(resourceField, budget, { ...NO_RESOURCE, schemaUrl }, () => {
        const at = `${inResource}.resource`;
        const object = asObject(resourceField, at);
        return {
          attributes: readPairs(object, "attributes", at, 1, budget, true),
          droppedAttributesCount: smallField(object, "droppedAttributesCount", at, ...UINT32),
          schemaUrl,
        };
      });
      for (const [j, scopeInput] of listField(ofResource, "scopeLogs", inResource).entries()) {
        budget.take(1);
        const inScope = `${inResource}.scopeLogs[${j}]`;
        const ofScope = asObject(scopeInput, inScope);
        const scopeSchemaUrl = textField(ofScope, "schemaUrl", inScope);
        const scopeField = field(ofScope, "scope");
        const scope = readShared<LogScope>(scopeField, budget, { ...NO_SCOPE, schemaUrl: scopeSchemaUrl }, () => {
          const at = `${inScope}.scope`;
          const object = asObject(scopeField, at);
          return {
            name: textField(object, "name", at),
            version: textField(object, "version", at),
            attributes: readPairs(object, "attributes", at, 1, budget, true),
            droppedAttributesCount: smallField(object, "droppedAttributesCount", at, ...UINT32),
            schemaUrl: scopeSchemaUrl,
          };
        });
        for (const [k, recordInput] of listField(ofScope, "logRecords", inScope).entries()) {
          budget.take(ELEMENTS_PER_RECORD);
          const refuse = ({ reason, message }: RecordLimitError): void => {
            sink.refused(index, reason, message, () => sample(recordInput));
          };
          if ("broken" in resource) refuse(resource.broken);
          else if ("broken" in scope) refuse(scope.broken);
          else {
            budget.expand(resource.bytes + scope.bytes);
            budget.startRecord();
            try {
              const at = `${inScope}.logRecords[${k}]`;
              sink.record(index, resource.value, scope.value, readRecord(asObject(recordInput, at), at, budget));
            } catch (error) {
              if (!(error instanceof RecordLimitError)) throw error;
              refuse(error);
            }
          }
          index += 1;
        }
      }
    }
  });
};
