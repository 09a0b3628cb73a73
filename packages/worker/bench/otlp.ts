import { createHash } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ExportLogsServiceRequestSchema,
  type ExportLogsServiceRequest,
} from "../src/collector/otlp/generated/opentelemetry/proto/collector/logs/v1/logs_service_pb.js";
import { requestLimits } from "../src/collector/otlp/limits.ts";
import { decodeLogs } from "../src/collector/otlp/logs.ts";
import { createProcessors } from "../src/collector/processors/processors.ts";
import { silentObserver } from "../src/collector/observer.ts";

/** One figure. */
interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const RECORDS = 500;
const ATTRIBUTES = 15;

/** A batch as an instrumented service sends it: 500 records of 15 attributes. */
const batch = (): ExportLogsServiceRequest =>
  create(ExportLogsServiceRequestSchema, {
    resourceLogs: [
      {
        resource: {
          attributes: ["service.name", "service.version", "host.name", "process.pid", "telemetry.sdk.language"].map(
            (key) => ({
              key,
              value: { value: { case: "stringValue" as const, value: `${key} value` } },
            }),
          ),
        },
        scopeLogs: [
          {
            scope: { name: "bench", version: "1.0.0" },
            logRecords: Array.from({ length: RECORDS }, (_, record) => ({
              timeUnixNano: 1_795_234_315_316_123_456n + BigInt(record),
              observedTimeUnixNano: 1_795_234_315_316_123_456n,
              severityNumber: 9,
              severityText: "INFO",
              eventName: "vedette.request.refused",
              body: { value: { case: "stringValue" as const, value: `GET /item/${record} refused` } },
              traceId: new Uint8Array(16).fill(record % 255),
              spanId: new Uint8Array(8).fill(record % 255),
              attributes: Array.from({ length: ATTRIBUTES }, (_, index) => ({
                key: `attribute.number.${index}`,
                value:
                  index % 3 === 0
                    ? { value: { case: "intValue" as const, value: BigInt(index * record) } }
                    : { value: { case: "stringValue" as const, value: `value ${index} of record ${record}` } },
              })),
            })),
          },
        ],
      },
    ],
  });

const jsonOf = (request: ExportLogsServiceRequest): Buffer => {
  const value = ({
    value,
  }: {
    readonly value?: { readonly case?: string | undefined; readonly value?: unknown };
  }): object => (value?.case === "intValue" ? { intValue: String(value.value) } : { stringValue: value?.value });
  const pairs = (attributes: readonly { readonly key: string; readonly value?: object | undefined }[]): object[] =>
    attributes.map(({ key, value: any }) => ({ key, value: value(any ?? {}) }));
  return Buffer.from(
    JSON.stringify({
      resourceLogs: request.resourceLogs.map(({ resource, scopeLogs }) => ({
        resource: { attributes: pairs(resource?.attributes ?? []) },
        scopeLogs: scopeLogs.map(({ scope, logRecords }) => ({
          scope: { name: scope?.name, version: scope?.version },
          logRecords: logRecords.map((record) => ({
            timeUnixNano: String(record.timeUnixNano),
            observedTimeUnixNano: String(record.observedTimeUnixNano),
            severityNumber: record.severityNumber,
            severityText: record.severityText,
            eventName: record.eventName,
            body: value(record.body ?? {}),
            traceId: Buffer.from(record.traceId).toString("hex"),
            spanId: Buffer.from(record.spanId).toString("hex"),
            attributes: pairs(record.attributes),
          })),
        })),
      })),
    }),
  );
};

/** Microseconds per record: the best of several rounds, which says what the code costs and not what else the machine does. */
const measure = (run: () => unknown, rounds: number, repeats: number): number => {
  for (let round = 0; round < 30; round += 1) run();
  let best = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    for (let repeat = 0; repeat < repeats; repeat += 1) run();
    best = Math.min(best, ((performance.now() - start) * 1_000) / repeats / RECORDS);
  }
  return best;
};

/** Cost of decoding OTLP logs into records, against `JSON.parse` of the same documents. */
export const run = async ({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> => {
  const [rounds, repeats] = quick ? [5, 5] : [40, 10];
  const request = batch();
  const protobuf = toBinary(ExportLogsServiceRequestSchema, request);
  const json = jsonOf(request);
  const limits = requestLimits(8 * 1_048_576);
  const decode = () => decodeLogs(protobuf, "protobuf", limits, 0).records;
  const documents = decode().map(({ document }) => JSON.stringify(document));
  const processRecords = createProcessors([{ type: "redact", name: "redact", fields: [], defaults: true }], {
    observer: silentObserver,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });

  const parse = measure(() => documents.map((document) => JSON.parse(document) as unknown), rounds, repeats);
  const ratio = (name: string, cost: number): Row[] => [
    { name, value: cost, unit: "µs/record" },
    { name: `${name}, as a multiple of JSON.parse`, value: cost / parse, unit: "×" },
  ];
  return [
    { name: `JSON.parse of the documents (${ATTRIBUTES} attributes)`, value: parse, unit: "µs/record" },
    ...ratio("protobuf to records", measure(decode, rounds, repeats)),
    ...ratio(
      "OTLP/JSON to records",
      measure(() => decodeLogs(json, "json", limits, 0), rounds, repeats),
    ),
    ...ratio(
      "generated messages only",
      measure(() => fromBinary(ExportLogsServiceRequestSchema, protobuf), rounds, repeats),
    ),
    ...ratio(
      "hash of the protobuf body",
      measure(() => createHash("sha256").update(protobuf).digest("hex"), rounds, repeats),
    ),
    ...ratio(
      "protobuf to records, redacted",
      measure(() => processRecords(decode()), rounds, repeats),
    ),
    { name: "size of a record in protobuf", value: protobuf.length / RECORDS, unit: "bytes" },
    { name: "size of a record in OTLP/JSON", value: json.length / RECORDS, unit: "bytes" },
  ];
};
