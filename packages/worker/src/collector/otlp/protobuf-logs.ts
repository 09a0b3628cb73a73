import type { JsonValue } from "@vedette/detection";
import { DecodeBudget } from "./budget.ts";
import { decoding, RecordLimitError } from "./decode-error.ts";
import { KeyValues } from "./key-values.ts";
import { ELEMENTS_PER_RECORD, type RequestLimits } from "./limits.ts";
import { NO_RESOURCE, NO_SCOPE, type LogRecord, type LogResource, type LogScope, type LogSink } from "./log-model.ts";
import { checkEnd, readAnyValue, readEnd, readKeyValue, readTag, skipField } from "./protobuf-values.ts";
import { RequestReader } from "./request-reader.ts";

/** Where a message lies in the request. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** A part shared by many records, or the limit that it broke (then each of its records is refused). */
type Shared<T> = { readonly value: T; readonly bytes: number } | { readonly broken: RecordLimitError };

const readAttribute = (reader: RequestReader, end: number, budget: DecodeBudget, pairs: KeyValues): void => {
  budget.attribute(pairs.count + 1);
  readKeyValue(reader, readEnd(reader, end), 1, budget, pairs);
};

const readRecord = (reader: RequestReader, end: number, budget: DecodeBudget): LogRecord => {
  let timeUnixNano = 0n;
  let observedTimeUnixNano = 0n;
  let severityNumber = 0;
  let severityText = "";
  let body: JsonValue | undefined;
  const pairs = new KeyValues();
  let droppedAttributesCount = 0;
  let traceId = "";
  let spanId = "";
  let eventName = "";
  while (reader.pos < end) {
    const tag = readTag(reader);
    switch (tag) {
      case 0x09:
        timeUnixNano = BigInt(reader.fixed64());
        break;
      case 0x59:
        observedTimeUnixNano = BigInt(reader.fixed64());
        break;
      case 0x10:
        severityNumber = reader.int32();
        break;
      case 0x1a:
        severityText = budget.text(reader.name());
        break;
      case 0x2a:
        // An AnyValue without a value is no body, as if the field were missing.
        body = readAnyValue(reader, readEnd(reader, end), 1, budget) ?? undefined;
        break;
      case 0x32:
        readAttribute(reader, end, budget, pairs);
        break;
      case 0x38:
        droppedAttributesCount = reader.uint32();
        break;
      case 0x4a:
        traceId = budget.text(Buffer.from(reader.bytes()).toString("hex"));
        break;
      case 0x52:
        spanId = budget.text(Buffer.from(reader.bytes()).toString("hex"));
        break;
      case 0x62:
        eventName = budget.text(reader.name());
        break;
      default:
        skipField(reader, tag);
    }
  }
  checkEnd(reader, end);
  return {
    timeUnixNano,
    observedTimeUnixNano,
    severityNumber,
    severityText,
    body,
    attributes: pairs.object,
    droppedAttributesCount,
    traceId,
    spanId,
    eventName,
  };
};

const readResource = (reader: RequestReader, end: number, budget: DecodeBudget): Omit<LogResource, "schemaUrl"> => {
  const pairs = new KeyValues();
  let droppedAttributesCount = 0;
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === 0x0a) readAttribute(reader, end, budget, pairs);
    else if (tag === 0x10) droppedAttributesCount = reader.uint32();
    else skipField(reader, tag);
  }
  checkEnd(reader, end);
  return { attributes: pairs.object, droppedAttributesCount };
};

const readScope = (reader: RequestReader, end: number, budget: DecodeBudget): Omit<LogScope, "schemaUrl"> => {
  let name = "";
  let version = "";
  const pairs = new KeyValues();
  let droppedAttributesCount = 0;
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === 0x0a) name = budget.text(reader.string());
    else if (tag === 0x12) version = budget.text(reader.string());
    else if (tag === 0x1a) readAttribute(reader, end, budget, pairs);
    else if (tag === 0x20) droppedAttributesCount = reader.uint32();
    else skipField(reader, tag);
  }
  checkEnd(reader, end);
  return { name, version, attributes: pairs.object, droppedAttributesCount };
};

/** Reads a message that has a shared part (field 1), repeated parts (field 2) and a schema URL (field 3), in any order. */
const readGroup = (reader: RequestReader, end: number, budget: DecodeBudget) => {
  let shared: Range | undefined;
  const parts: Range[] = [];
  let schemaUrl = "";
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === 0x0a || tag === 0x12) {
      const partEnd = readEnd(reader, end);
      const range = { start: reader.pos, end: partEnd };
      reader.pos = partEnd;
      if (tag === 0x0a) shared = range;
      else {
        budget.take(1);
        parts.push(range);
      }
    } else if (tag === 0x1a) schemaUrl = reader.string();
    else skipField(reader, tag);
  }
  checkEnd(reader, end);
  return { shared, parts, schemaUrl };
};

/**
 * Reads the protobuf encoding of an ExportLogsServiceRequest, record by record, without a message object for each.
 * Throws an {@link OtlpDecodeError} and nothing else.
 */
export const readProtobufLogs = (bytes: Uint8Array, limits: RequestLimits, sink: LogSink): void => {
  decoding(() => {
    const reader = new RequestReader(bytes);
    const budget = new DecodeBudget(limits);
    let index = 0;

    /** Reads a shared part; one that breaks a limit is not the request's fault alone but that of each record in it. */
    const readShared = <T extends { readonly schemaUrl: string }>(
      range: Range | undefined,
      read: (end: number) => T,
      none: T,
    ): Shared<T> => {
      budget.startRecord();
      try {
        const { length } = budget.text(none.schemaUrl);
        if (range === undefined) return { value: none, bytes: length };
        reader.pos = range.start;
        return { value: read(range.end), bytes: length + range.end - range.start };
      } catch (error) {
        if (error instanceof RecordLimitError) return { broken: error };
        throw error;
      }
    };

    const refuse = (range: Range, { reason, message }: RecordLimitError): void => {
      sink.refused(index, reason, message, () => bytes.subarray(range.start, range.end));
    };

    while (reader.pos < reader.len) {
      const tag = readTag(reader);
      if (tag !== 0x0a) {
        skipField(reader, tag);
        continue;
      }
      budget.take(1);
      const resourceEnd = readEnd(reader, reader.len);
      const ofResource = readGroup(reader, resourceEnd, budget);
      const { schemaUrl } = ofResource;
      const resource = readShared(ofResource.shared, (end) => ({ ...readResource(reader, end, budget), schemaUrl }), {
        ...NO_RESOURCE,
        schemaUrl,
      });
      for (const scopeRange of ofResource.parts) {
        reader.pos = scopeRange.start;
        const ofScope = readGroup(reader, scopeRange.end, budget);
        const scope = readShared(
          ofScope.shared,
          (end) => ({ ...readScope(reader, end, budget), schemaUrl: ofScope.schemaUrl }),
          { ...NO_SCOPE, schemaUrl: ofScope.schemaUrl },
        );
        for (const range of ofScope.parts) {
          budget.take(ELEMENTS_PER_RECORD);
          if ("broken" in resource) refuse(range, resource.broken);
          else if ("broken" in scope) refuse(range, scope.broken);
          else {
            budget.expand(resource.bytes + scope.bytes);
            budget.startRecord();
            reader.pos = range.start;
            try {
              sink.record(index, resource.value, scope.value, readRecord(reader, range.end, budget));
            } catch (error) {
              if (!(error instanceof RecordLimitError)) throw error;
              refuse(range, error);
            }
          }
          index += 1;
        }
      }
      reader.pos = resourceEnd;
    }
  });
};
