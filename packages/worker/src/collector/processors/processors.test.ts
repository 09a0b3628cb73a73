import { describe, expect, it } from "vitest";
import type { JsonObject } from "@vedette/detection";
import { loadConfig } from "../../config/load.ts";
import type { ProcessorConfig } from "../../config/schema.ts";
import type { RawRecord } from "../../record.ts";
import { createCountingObserver } from "../testing/counting-observer.ts";
import { silentLog } from "../testing/otlp-server.ts";
import type { Processor } from "./processor.ts";
import { createProcessors, runProcessors } from "./processors.ts";

const record = (document: JsonObject, id = "1"): RawRecord => ({
  id,
  source: "otlp",
  position: "p",
  partition: "shop",
  time: 0,
  receivedAt: 0,
  document,
});

const run = (configs: ProcessorConfig[], ...documents: JsonObject[]) => {
  const observer = createCountingObserver();
  const process = createProcessors(configs, { observer, log: silentLog });
  const records = process(documents.map((document) => record(document)));
  return { documents: records.map(({ document }) => document), observer };
};

const redact = (rest: Partial<ProcessorConfig & { type: "redact" }> = {}): ProcessorConfig => ({
  type: "redact",
  name: "redact",
  fields: [],
  defaults: true,
  ...rest,
});

describe("redact", () => {
  it.each([
    "password",
    "user.password",
    "userPassword",
    "Authorization",
    "http.request.header.authorization",
    "http.request.header.set-cookie",
    "X-Api-Key",
    "db_passwd",
    "access_token",
    "refreshToken",
    "client.secret",
    "aws.secret_key",
    "private-key",
  ])("hides the value of %s wherever it is", (name) => {
    const { documents, observer } = run([redact()], {
      attributes: { [name]: "hunter2", other: "x" },
      body: { structured: { list: [{ [name]: ["hunter2"] }] } },
      resource: { attributes: { [name]: { a: "hunter2" } } },
    });
    expect(JSON.stringify(documents)).not.toContain("hunter2");
    expect(documents[0]?.["attributes"]).toEqual({ [name]: "[redacted]", other: "x" });
    expect(observer.get("redacted redact")).toBe(3);
  });

  it.each([
    "user.name",
    "session.id",
    "gen_ai.usage.input_tokens",
    "vedette.auth.method",
    "tokenizer",
    "passwords.tried",
    "cookies_seen",
  ])("leaves %s alone", (name) => {
    const document = { attributes: { [name]: "kept" } };
    const { documents, observer } = run([redact()], document);
    expect(documents[0]).toBe(document);
    expect(observer.counts.size).toBe(0);
  });

  it("takes names with stars in any case, with and without the built-in ones", () => {
    const document = { attributes: { "customer.IBAN": "DE1", password: "p", "a.b": 1 } };
    expect(run([redact({ fields: ["*iban", "A.B"], defaults: false })], document).documents[0]).toEqual({
      attributes: { "customer.IBAN": "[redacted]", password: "p", "a.b": "[redacted]" },
    });
  });

  it("leaves what is no secret: true, false, null and what is redacted already", () => {
    const document = { attributes: { password: null, token: false, secret: "[redacted]" } };
    expect(run([redact()], document).documents[0]).toBe(document);
  });

  it("counts the values of a resource that records share for each of them, and keeps dangerous keys", () => {
    const resource = JSON.parse('{"attributes":{"token":"t","__proto__":{"password":"p"}}}') as JsonObject;
    const { documents, observer } = run([redact()], { resource }, { resource });
    expect(JSON.stringify(documents[1])).toBe(
      '{"resource":{"attributes":{"token":"[redacted]","__proto__":{"password":"[redacted]"}}}}',
    );
    expect(observer.get("redacted redact")).toBe(4);
    expect(documents[0]?.["resource"]).toBe(documents[1]?.["resource"]);
  });
});

describe("a failing redact", () => {
  it("withholds every value of the record, counts the failure and lets the others through", () => {
    // Far deeper than any source takes: walking it runs out of stack.
    let deep: JsonObject = { password: "hunter2" };
    for (let depth = 0; depth < 50_000; depth += 1) deep = { deep };
    const { documents, observer } = run(
      [redact()],
      {
        "@timestamp": "2026-11-21T05:00:00.000Z",
        severity_number: 9,
        trace_id: ["hunter2"],
        event_name: "hunter2",
        attributes: { "user.name": "hunter2", deep },
        resource: { attributes: { "service.name": "hunter2" } },
        body: { text: "hunter2" },
        hunter: "hunter2",
      },
      { attributes: { password: "hunter2", kept: 1 } },
    );
    expect(documents).toEqual([
      {
        "@timestamp": "2026-11-21T05:00:00.000Z",
        severity_number: 9,
        trace_id: "[redacted]",
        event_name: "[redacted]",
        attributes: { "user.name": "[redacted]", deep: { deep: "[redacted]" } },
        resource: { attributes: { "service.name": "[redacted]" } },
        body: { text: "[redacted]" },
        hunter: "[redacted]",
      },
      { attributes: { password: "[redacted]", kept: 1 } },
    ]);
    expect(observer.get("failed redact")).toBe(1);
  });
});

describe("parse", () => {
  const parse: ProcessorConfig = { type: "parse", name: "parse" };

  it("adds the structured form of a body that is a JSON object", () => {
    const { documents } = run([parse], { body: { text: ' {"user":"anna"}' } });
    expect(documents[0]).toEqual({ body: { text: ' {"user":"anna"}', structured: { user: "anna" } } });
  });

  it.each([
    ["a text", { body: { text: "plain" } }],
    ["broken JSON", { body: { text: '{"user":' } }],
    ["a list", { body: { text: "[1]" } }],
    ["what is nested too deep", { body: { text: `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}` } }],
    ["a structured body", { body: { structured: { a: 1 } } }],
    ["no body", { attributes: {} }],
  ])("leaves %s as it is", (_, document) => {
    const { documents, observer } = run([parse], document);
    expect(documents[0]).toBe(document);
    expect(observer.counts.size).toBe(0);
  });

  it("lets a later processor see what it parsed", () => {
    const { documents } = run([parse, redact()], { body: { text: '{"password":"hunter2"}' } });
    expect(documents[0]).toMatchObject({ body: { structured: { password: "[redacted]" } } });
  });
});

describe("filter", () => {
  const filter = (rest: object): ProcessorConfig => ({ type: "filter", name: "noise", field: "event_name", ...rest });

  it.each<[name: string, config: object, document: JsonObject, dropped: boolean]>([
    ["a top-level name", { equals: "debug" }, { event_name: "debug" }, true],
    ["another value", { equals: "debug" }, { event_name: "debugging" }, false],
    ["a missing field", { equals: "debug" }, {}, false],
    ["an attribute", { field: "url.path", prefix: "/health" }, { attributes: { "url.path": "/healthz" } }, true],
    [
      "an attribute before a resource attribute",
      { field: "a", equals: 1 },
      { attributes: { a: 2 }, resource: { attributes: { a: 1 } } },
      false,
    ],
    [
      "a resource attribute",
      { field: "service.name", equals: "noisy" },
      { resource: { attributes: { "service.name": "noisy" } } },
      true,
    ],
    ["a dotted path", { field: "body.text", prefix: "GET " }, { body: { text: "GET /" } }, true],
    ["a number", { field: "status", equals: 200 }, { attributes: { status: 200 } }, true],
    ["an element of a list", { field: "tags", equals: "x" }, { attributes: { tags: ["a", "x"] } }, true],
    ["an inherited name", { field: "constructor", prefix: "f" }, { attributes: {} }, false],
  ])("looks at %s", (_, config, document, dropped) => {
    const { documents, observer } = run([filter(config)], document, { event_name: "kept" });
    expect(documents).toHaveLength(dropped ? 1 : 2);
    expect(observer.get("filtered noise")).toBe(dropped ? 1 : 0);
  });
});

describe("processors", () => {
  it("go on with the unchanged record when one fails, and count it", () => {
    const observer = createCountingObserver();
    const broken: Processor = {
      name: "broken",
      apply({ id }) {
        if (id === "bad") throw new Error("broken");
        return record({ seen: true }, id);
      },
    };
    const last: Processor = { name: "last", apply: (input) => ({ ...input, partition: "last" }) };
    const process = runProcessors([broken, last], { observer, log: silentLog });
    expect(process([record({ a: 1 }, "good"), record({ a: 1 }, "bad")])).toMatchObject([
      { document: { seen: true }, partition: "last" },
      { document: { a: 1 }, partition: "last" },
    ]);
    expect(observer.get("failed broken")).toBe(1);
  });

  it("redact by default", () => {
    const { config } = loadConfig({ env: {} });
    expect(run([...(config?.processors ?? [])], { attributes: { password: "p" } }).documents[0]).toEqual({
      attributes: { password: "[redacted]" },
    });
  });
});
