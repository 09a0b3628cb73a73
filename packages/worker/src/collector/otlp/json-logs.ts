import { DecodeBudget } from "./budget.ts";
import { decoding, RecordLimitError } from "./decode-error.ts";
import {
  asObject,
  field,
  hexField,
  listField,
  smallField,
  textField,
  timeField,
  type JsonFields,
} from "./json-fields.ts";
import { parseRequestJson } from "./json-text.ts";
import { placed, readJsonPairs, readJsonValue } from "./json-values.ts";
import { ELEMENTS_PER_RECORD, type RequestLimits } from "./limits.ts";
import { NO_RESOURCE, NO_SCOPE, type LogRecord, type LogResource, type LogScope, type LogSink } from "./log-model.ts";

const INT32 = [-2_147_483_648, 2_147_483_647] as const;
const UINT32 = [0, 4_294_967_295] as const;

const readRecord = (object: JsonFields, budget: DecodeBudget): LogRecord => {
  const body = field(object, "body");
  return {
    timeUnixNano: timeField(object, "timeUnixNano", ""),
    observedTimeUnixNano: timeField(object, "observedTimeUnixNano", ""),
    severityNumber: smallField(object, "severityNumber", "", ...INT32),
    severityText: budget.text(textField(object, "severityText", "")),
    // An AnyValue without a value is no body, as if the field were missing.
    body: body === undefined ? undefined : (placed(".body", () => readJsonValue(body, 1, budget)) ?? undefined),
    attributes: readJsonPairs(object, "attributes", 1, budget, true),
    droppedAttributesCount: smallField(object, "droppedAttributesCount", "", ...UINT32),
    traceId: budget.text(hexField(object, "traceId", "")),
    spanId: budget.text(hexField(object, "spanId", "")),
    eventName: budget.text(textField(object, "eventName", "")),
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

const readShared = <T extends { readonly schemaUrl: string }>(
  input: unknown,
  budget: DecodeBudget,
  none: T,
  read: () => T,
): Shared<T> => {
  budget.startRecord();
  try {
    const { length } = budget.text(none.schemaUrl);
    return input === undefined
      ? { value: none, bytes: length }
      : { value: read(), bytes: length + sample(input).length };
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
          attributes: placed(at, () => readJsonPairs(object, "attributes", 1, budget, true)),
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
            name: budget.text(textField(object, "name", at)),
            version: budget.text(textField(object, "version", at)),
            attributes: placed(at, () => readJsonPairs(object, "attributes", 1, budget, true)),
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
              const record = placed(`${inScope}.logRecords[${k}]`, () => readRecord(asObject(recordInput, ""), budget));
              sink.record(index, resource.value, scope.value, record);
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
