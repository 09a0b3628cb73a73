import { create, toBinary, toJson, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import {
  ExportLogsServiceRequestSchema,
  type ExportLogsServiceRequest,
} from "../otlp/generated/opentelemetry/proto/collector/logs/v1/logs_service_pb.js";
import type { AnyValueSchema, KeyValueSchema } from "../otlp/generated/opentelemetry/proto/common/v1/common_pb.js";

type AnyValueInit = MessageInitShape<typeof AnyValueSchema>;
type KeyValueInit = MessageInitShape<typeof KeyValueSchema>;

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("", "\0", "\u{feff}a", "__proto__", "constructor", "😀", 'a\nb"c\\'),
);

const key = fc.oneof(text, fc.constantFrom("user.id", "user.id", "log.record.uid", "event.name", "__proto__"));

const { value, pair } = fc.letrec<{ value: AnyValueInit; pair: KeyValueInit }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ value: fc.record({ case: fc.constant("stringValue" as const), value: text }) }),
    fc.constant({}),
    fc.record({ value: fc.record({ case: fc.constant("boolValue" as const), value: fc.boolean() }) }),
    fc.record({
      value: fc.record({
        case: fc.constant("intValue" as const),
        value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      }),
    }),
    fc.record({ value: fc.record({ case: fc.constant("doubleValue" as const), value: fc.double() }) }),
    fc.record({
      value: fc.record({ case: fc.constant("bytesValue" as const), value: fc.uint8Array({ maxLength: 9 }) }),
    }),
    fc.record({
      value: fc.record({
        case: fc.constant("arrayValue" as const),
        value: fc.record({ values: fc.array(tie("value"), { maxLength: 3 }) }),
      }),
    }),
    fc.record({
      value: fc.record({
        case: fc.constant("kvlistValue" as const),
        value: fc.record({ values: fc.array(tie("pair"), { maxLength: 3 }) }),
      }),
    }),
  ),
  pair: fc.record({ key, value: fc.option(tie("value"), { nil: undefined }) }),
}));

const nanoseconds = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constant(1_795_234_315_316_123_456n),
);
const attributes = fc.array(pair, { maxLength: 5 });
const count = fc.nat({ max: 4_294_967_295 });
const id = (length: number) =>
  fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ minLength: length, maxLength: length }));

/** Any logs request that protobuf can carry. */
export const logsRequest: fc.Arbitrary<ExportLogsServiceRequest> = fc
  .record({
    resourceLogs: fc.array(
      fc.record({
        resource: fc.option(fc.record({ attributes, droppedAttributesCount: count }), { nil: undefined }),
        schemaUrl: text,
        scopeLogs: fc.array(
          fc.record({
            scope: fc.option(fc.record({ name: text, version: text, attributes, droppedAttributesCount: count }), {
              nil: undefined,
            }),
            schemaUrl: text,
            logRecords: fc.array(
              fc.record({
                timeUnixNano: nanoseconds,
                observedTimeUnixNano: nanoseconds,
                severityNumber: fc.integer({ min: 0, max: 24 }),
                severityText: text,
                body: fc.option(value, { nil: undefined }),
                attributes,
                droppedAttributesCount: count,
                flags: count,
                traceId: id(16),
                spanId: id(8),
                eventName: text,
              }),
              { maxLength: 3 },
            ),
          }),
          { maxLength: 2 },
        ),
      }),
      { maxLength: 2 },
    ),
  })
  .map((request) =>
    create(ExportLogsServiceRequestSchema, request as MessageInitShape<typeof ExportLogsServiceRequestSchema>),
  );

/** A request in OTLP's protobuf encoding. */
export const toProtobuf = (request: ExportLogsServiceRequest): Uint8Array =>
  toBinary(ExportLogsServiceRequestSchema, request);

/** A request in OTLP's JSON encoding: protobuf's JSON with hexadecimal ids and numbers for enums. */
export const toOtlpJson = (request: ExportLogsServiceRequest): Uint8Array => {
  const json = toJson(ExportLogsServiceRequestSchema, request, { enumAsInteger: true });
  const records = (json as { resourceLogs?: { scopeLogs?: { logRecords?: Record<string, unknown>[] }[] }[] })
    .resourceLogs;
  for (const resource of records ?? []) {
    for (const scope of resource.scopeLogs ?? []) {
      for (const record of scope.logRecords ?? []) {
        for (const name of ["traceId", "spanId"]) {
          const base64 = record[name];
          if (typeof base64 === "string") record[name] = Buffer.from(base64, "base64").toString("hex");
        }
      }
    }
  }
  return Buffer.from(JSON.stringify(json));
};
