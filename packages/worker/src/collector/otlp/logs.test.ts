import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOW } from "../testing/otlp-server.ts";
import { logsRequest, toOtlpJson, toProtobuf } from "../testing/otlp-arbitraries.ts";
import { OtlpDecodeError } from "./decode-error.ts";
import { ExportLogsServiceRequestSchema } from "./generated/opentelemetry/proto/collector/logs/v1/logs_service_pb.js";
import type { LogRecordSchema } from "./generated/opentelemetry/proto/logs/v1/logs_pb.js";
import { requestLimits } from "./limits.ts";
import { decodeLogs, type OtlpEncoding } from "./logs.ts";
import { decodeMetrics } from "./metrics.ts";
import { countSpans } from "./traces.ts";

const LIMITS = requestLimits(8 * 1_048_576);
const ENCODINGS = ["protobuf", "json"] as const;

const decode = (body: Uint8Array | string, encoding: OtlpEncoding = "json", limits = LIMITS) =>
  decodeLogs(Buffer.from(body), encoding, limits, NOW);

const request = (...logRecords: MessageInitShape<typeof LogRecordSchema>[]) =>
  create(ExportLogsServiceRequestSchema, { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });

const inBoth = (message: ReturnType<typeof request>, limits = LIMITS) =>
  ENCODINGS.map((encoding) =>
    decode(encoding === "json" ? toOtlpJson(message) : toProtobuf(message), encoding, limits),
  );

const documents = (decoded: ReturnType<typeof decode>) => decoded.records.map(({ document }) => document);

const one = (record: object): string => JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });

const SHARED = process.env["VEDETTE_SHARED"] ?? join(import.meta.dirname, "../../../../../../shared");
const sample = join(SHARED, "reference/otel/otlphttp_json_body.json");
const required = process.env["VEDETTE_TEST_REQUIRE"] === "all";

describe("decodeLogs", () => {
  it("gives equal documents, times and partitions for the same request in both encodings", () => {
    fc.assert(
      fc.property(logsRequest, (message) => {
        const [protobuf, json] = inBoth(message);
        const comparable = (decoded: ReturnType<typeof decode> | undefined) =>
          decoded?.records.map(({ document, time, partition }) => JSON.stringify({ document, time, partition }));
        expect(comparable(json)).toEqual(comparable(protobuf));
        expect(json?.refusedByReason.size).toBe(0);
        const expected = message.resourceLogs.flatMap(({ scopeLogs }) =>
          scopeLogs.flatMap(({ logRecords }) => logRecords),
        );
        expect(protobuf?.records).toHaveLength(expected.length);
      }),
      { numRuns: 300 },
    );
  });

  it("throws nothing but its typed error, whatever the bytes", () => {
    const decoders = [
      (bytes: Uint8Array, encoding: OtlpEncoding) => decode(bytes, encoding),
      (bytes: Uint8Array, encoding: OtlpEncoding) => decodeMetrics(bytes, encoding, LIMITS),
      (bytes: Uint8Array, encoding: OtlpEncoding) => countSpans(bytes, encoding, LIMITS),
    ];
    const survive = (bytes: Uint8Array): void => {
      for (const run of decoders) {
        for (const encoding of ENCODINGS) {
          try {
            run(bytes, encoding);
          } catch (error) {
            expect(error).toBeInstanceOf(OtlpDecodeError);
          }
        }
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survive), { numRuns: 500 });
    // Nearly right ones reach deeper: a request with one byte changed, one left out, or cut off.
    fc.assert(
      fc.property(logsRequest, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (message, where, byte, isJson) => {
        const bytes = Buffer.from(isJson ? toOtlpJson(message) : toProtobuf(message));
        if (bytes.length === 0) return;
        const at = where % bytes.length;
        survive(bytes.subarray(0, at));
        survive(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]));
        bytes[at] = byte;
        survive(bytes);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        survive(Buffer.from(json));
        survive(
          Buffer.from(`{"resourceLogs":[{"resource":${json},"scopeLogs":[{"scope":${json},"logRecords":[${json}]}]}]}`),
        );
        survive(Buffer.from(one({ body: "@", attributes: "#" }).replace('"@"', json).replace('"#"', json)));
      }),
      { numRuns: 300 },
    );
  });

  it.skipIf(!existsSync(sample) && !required)(
    `makes the Collector's document of the Collector's request${existsSync(sample) ? "" : " (skipped: no reference sample beside the repository)"}`,
    () => {
      const [record] = decode(readFileSync(sample)).records;
      const collector = JSON.parse(
        readFileSync(join(SHARED, "reference/otel/es_log_otel_mode.json"), "utf8"),
      ) as Record<string, unknown>;
      // The exporter takes the data stream out of the attributes and writes times as milliseconds.
      expect(record).toMatchObject({ partition: "auth-api", time: 1_795_234_315_316 });
      const { "@timestamp": _, observed_timestamp: __, data_stream: ___, attributes, ...rest } = collector;
      expect(record?.document).toMatchObject({ ...rest, attributes: attributes as object });
    },
  );

  it.each<[name: string, record: object, expected: object]>([
    ["a text body", { body: { stringValue: "hello" } }, { body: { text: "hello" } }],
    ["an empty text body", { body: { stringValue: "" } }, { body: { text: "" } }],
    [
      "a map body",
      { body: { kvlistValue: { values: [{ key: "a", value: { intValue: "1" } }] } } },
      { body: { structured: { a: 1 } } },
    ],
    [
      "a list body",
      { body: { arrayValue: { values: [{ boolValue: true }, {}] } } },
      { body: { structured: [true, null] } },
    ],
    ["an integer given as number", { body: { intValue: 5 } }, { body: { structured: 5 } }],
    ["an integer beyond doubles", { body: { intValue: "9007199254740993" } }, { body: { text: "9007199254740993" } }],
    ["doubles that JSON has no number for", { body: { doubleValue: "NaN" } }, { body: { text: "NaN" } }],
    ["bytes", { body: { bytesValue: "AP8=" } }, { body: { text: "AP8=" } }],
    [
      "ids",
      { traceId: "0AF7651916CD43DD8448EB211C80319C", spanId: "b7ad6b7169203331" },
      { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" },
    ],
    [
      "a key that comes twice",
      { attributes: [1, 2, 3].map((n) => ({ key: "a", value: { intValue: n } })) },
      { attributes: { a: [1, 2, 3] } },
    ],
    [
      "the event name of older SDKs",
      { attributes: [{ key: "event.name", value: { stringValue: "x" } }] },
      { event_name: "x" },
    ],
    ["null for a missing field", { body: null, attributes: null, timeUnixNano: null }, { attributes: {} }],
  ])("reads %s", (_, record, expected) => {
    expect(documents(decode(one(record)))[0]).toMatchObject(expected);
  });

  it("leaves out ids of zeros and whatever is unknown", () => {
    expect(documents(decode(one({ traceId: "0".repeat(32), spanId: "", whatIsThis: [{}] })))[0]).toEqual({
      "@timestamp": new Date(NOW).toISOString(),
      attributes: {},
      resource: { attributes: {} },
      scope: {},
    });
  });

  it.each([
    [
      "the record's time",
      { timeUnixNano: "1795234315316123456", observedTimeUnixNano: "1" },
      1_795_234_315_316,
      "2026-11-21T04:11:55.316123456Z",
    ],
    ["whole milliseconds", { timeUnixNano: "1795234315316000000" }, 1_795_234_315_316, "2026-11-21T04:11:55.316Z"],
    [
      "the time it was observed",
      { observedTimeUnixNano: "1795234315316000001" },
      1_795_234_315_316,
      "2026-11-21T04:11:55.316000001Z",
    ],
    ["the time of receipt", {}, NOW, "2026-11-21T06:00:00.000Z"],
    [
      "the last time there is",
      { timeUnixNano: "18446744073709551615" },
      18_446_744_073_709,
      "2554-07-21T23:34:33.709551615Z",
    ],
  ])("takes %s", (_, record, time, timestamp) => {
    const [first] = decode(one(record)).records;
    expect(first?.time).toBe(time);
    expect(first?.document["@timestamp"]).toBe(timestamp);
  });

  it("makes ids of the request and the place in it, or takes the sender's", () => {
    const uid = (value: string) => ({ attributes: [{ key: "log.record.uid", value: { stringValue: value } }] });
    const body = JSON.stringify({
      resourceLogs: [
        {
          scopeLogs: [{ logRecords: [{}, {}, uid("01JD4"), uid("with space"), uid("\ud800"), uid("\ud801"), uid("")] }],
        },
      ],
    });
    const ids = decode(body).records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(7);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}:0$/);
    expect(ids[1]).toMatch(/^[0-9a-f]{64}:1$/);
    expect(ids[2]).toBe("01JD4");
    expect(ids[3]).toMatch(/^[0-9a-f]{64}$/);
    expect(ids[6]).toMatch(/:6$/);
    expect(decode(body).records.map(({ id }) => id)).toEqual(ids);
    expect(decode(`${body} `).records[0]?.id).not.toBe(ids[0]);
  });

  it("survives half surrogates, NUL and keys that would change a prototype", () => {
    const [document] = documents(
      decode(
        '{"__proto__":{"x":1},"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[' +
          '{"key":"__proto__","value":{"kvlistValue":{"values":[{"key":"polluted","value":{"boolValue":true}}]}}},' +
          '{"key":"a\\ud800b","value":{"stringValue":"\\udfff\\u0000"}}]}]}]}]}',
      ),
    );
    expect(JSON.stringify(document?.["attributes"])).toBe(
      '{"__proto__":{"polluted":true},"a\\ud800b":"\\udfff\\u0000"}',
    );
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each([
    ["a list that is none", '{"resourceLogs":{}}', "request.resourceLogs: expected a list"],
    ["a record that is none", one([]).replace("[[]]", "[5]"), "logRecords[0]: expected an object"],
    [
      "two values in one",
      one({ body: { stringValue: "a", intValue: "1" } }),
      "logRecords[0].body.intValue: expected nothing beside stringValue",
    ],
    [
      "an integer that does not fit",
      one({
        attributes: [
          { key: "a" },
          { key: "b", value: { arrayValue: { values: [{}, { intValue: "9223372036854775808" }] } } },
        ],
      }),
      "resourceLogs[0].scopeLogs[0].logRecords[0].attributes[1].value.arrayValue.values[1].intValue: expected a signed 64-bit integer",
    ],
    ["a key that is no text", one({ attributes: [{ key: 5 }] }), "logRecords[0].attributes[0].key: expected a string"],
    ["a negative time", one({ timeUnixNano: "-1" }), "unsigned 64-bit"],
    ["an id in base64", one({ traceId: "CvdlGRbNQ92ESOshHIAxnA==" }), "hexadecimal"],
    ["an id of half a byte", one({ spanId: "abc" }), "hexadecimal"],
    ["a list at the top", "[]", "expected an object"],
    ["nothing", "", "no JSON"],
  ])("says where a request is wrong: %s", (_, body, message) => {
    expect(() => decode(body)).toThrow(message);
    expect(() => decode(body)).toThrow(OtlpDecodeError);
  });

  describe("limits", () => {
    const attributes = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        key: `k${index}`,
        value: { value: { case: "boolValue" as const, value: true } },
      }));
    const nest = (levels: number): object =>
      levels === 1
        ? { value: { case: "boolValue", value: true } }
        : { value: { case: "arrayValue", value: { values: [nest(levels - 1)] } } };
    const wide = (count: number) => ({
      value: { case: "arrayValue" as const, value: { values: Array.from({ length: count }, () => ({})) } },
    });

    const text = (length: number) => ({ value: { case: "stringValue" as const, value: "ä".repeat(length) } });
    const bytes = (length: number) => ({ value: { case: "bytesValue" as const, value: new Uint8Array(length) } });

    it.each<
      [
        name: string,
        fits: MessageInitShape<typeof LogRecordSchema>,
        exceeds: MessageInitShape<typeof LogRecordSchema>,
        reason: string,
      ]
    >([
      ["attributes", { attributes: attributes(1_024) }, { attributes: attributes(1_025) }, "too_many_attributes"],
      ["many more attributes", {}, { attributes: attributes(100_000) }, "too_many_attributes"],
      ["values", { body: wide(9_999) }, { body: wide(10_000) }, "too_many_attributes"],
      ["depth", { body: nest(32) }, { body: nest(33) }, "too_deep"],
      [
        "depth of an attribute",
        { attributes: [{ key: "a", value: nest(32) }] },
        { attributes: [{ key: "a", value: nest(33) }] },
        "too_deep",
      ],
      ["text in the body", { body: text(1_048_576) }, { body: text(1_048_577) }, "too_large"],
      [
        "text in everything together",
        {
          body: text(1_048_576 - 10),
          attributes: [{ key: "abc", value: text(2) }],
          eventName: "abc",
          severityText: "de",
        },
        {
          body: text(1_048_576 - 10),
          attributes: [{ key: "abc", value: text(3) }],
          eventName: "abc",
          severityText: "de",
        },
        "too_large",
      ],
      ["bytes", { body: bytes(786_432) }, { body: bytes(786_433) }, "too_large"],
    ])("refuses a record alone beyond the limit on %s, in both encodings", (_, fits, exceeds, reason) => {
      const good = { body: { value: { case: "stringValue" as const, value: "good" } } };
      for (const decoded of inBoth(request(fits, exceeds, good))) {
        expect(decoded.records).toHaveLength(2);
        expect(documents(decoded)[1]?.["body"]).toEqual({ text: "good" });
        expect([...decoded.refusedByReason]).toEqual([[reason, 1]]);
        expect(decoded.refused).toMatchObject([{ reason, source: "otlp" }]);
      }
    });

    it("refuses the records of a resource or scope that is beyond a limit, and no others", () => {
      const big = { attributes: attributes(1_025) };
      const message = create(ExportLogsServiceRequestSchema, {
        resourceLogs: [
          { resource: big, scopeLogs: [{ logRecords: [{}, {}] }] },
          { scopeLogs: [{ scope: big, logRecords: [{}] }, { logRecords: [{}] }] },
        ],
      });
      for (const decoded of inBoth(message)) {
        expect(decoded.records).toHaveLength(1);
        expect([...decoded.refusedByReason]).toEqual([["too_many_attributes", 3]]);
      }
    });

    it("refuses the records under a schema URL that is too long", () => {
      const schemaUrl = "u".repeat(1_048_577);
      const message = create(ExportLogsServiceRequestSchema, {
        resourceLogs: [
          { schemaUrl, scopeLogs: [{ logRecords: [{}] }] },
          { resource: {}, scopeLogs: [{ schemaUrl, scope: {}, logRecords: [{}] }, { logRecords: [{}] }] },
        ],
      });
      for (const decoded of inBoth(message)) {
        expect(decoded.records).toHaveLength(1);
        expect([...decoded.refusedByReason]).toEqual([["too_large", 2]]);
      }
    });

    it("lists at most a hundred refused records of a request, and counts them all", () => {
      const records = Array.from({ length: 150 }, () => ({
        body: nest(33) as MessageInitShape<typeof LogRecordSchema>["body"],
      }));
      for (const decoded of inBoth(request(...(records as MessageInitShape<typeof LogRecordSchema>[])))) {
        expect(decoded.refused).toHaveLength(100);
        expect(decoded.refusedByReason.get("too_deep")).toBe(150);
      }
    });

    it.each<[name: string, body: Buffer, encoding: OtlpEncoding]>([
      ["JSON of empty objects", Buffer.from(`{"resourceLogs":[${"{},".repeat(900_000)}{}]}`), "json"],
      ["JSON of numbers", Buffer.from(`[${"0,".repeat(3_000_000)}0]`), "json"],
      ["empty resources", Buffer.concat(Array.from({ length: 600_000 }, () => Buffer.from([0x0a, 0]))), "protobuf"],
      ["empty records", Buffer.from(toProtobuf(request(...Array.from({ length: 70_000 }, () => ({}))))), "protobuf"],
      [
        "a large resource with many records",
        Buffer.from(
          toProtobuf(
            create(ExportLogsServiceRequestSchema, {
              resourceLogs: [
                {
                  resource: {
                    attributes: [{ key: "a", value: { value: { case: "stringValue", value: "x".repeat(1_000_000) } } }],
                  },
                  scopeLogs: [{ logRecords: Array.from({ length: 70 }, () => ({})) }],
                },
              ],
            }),
          ),
        ),
        "protobuf",
      ],
    ])("refuses a small request that would be large in memory: %s", (_, body, encoding) => {
      expect(body.length).toBeLessThan(8 * 1_048_576);
      expect(() => decode(body, encoding)).toThrow(expect.objectContaining({ reason: "too_large" }));
    });

    it("does not run out of stack on what is nested without end", () => {
      const levels = 200_000;
      expect(() => decode("[".repeat(levels))).toThrow(OtlpDecodeError);
      expect(() => decode(one({}).replace("{}", `{"body":${'{"arrayValue":{"values":['.repeat(levels)}`))).toThrow(
        OtlpDecodeError,
      );
      // Every two bytes one level deeper, as far as 127 bytes reach; then groups, which protobuf can nest too.
      expect(() => decode(Buffer.alloc(100_000, 0x0b), "protobuf")).toThrow(OtlpDecodeError);
    });
  });
});
