import { once } from "node:events";
import * as http from "node:http";
import { createRequire } from "node:module";
import { Socket, type AddressInfo } from "node:net";
import { resolve } from "node:path";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import * as zlib from "node:zlib";
import * as fc from "fast-check";
import fastify from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT } from "@vedette/semconv";
import { tapBody, type BodyOutcome } from "./body-tap.ts";
import { HttpServerSecurityInstrumentation } from "./http-server.ts";
import { readSettings } from "./settings.ts";
import { close, listen, send, sendRaw, until } from "./testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "./testing/telemetry.ts";

const LIMIT = 64;

/** What an application may do with a request's stream; each writes down what it sees. */
const READERS: Readonly<Record<string, (request: http.IncomingMessage, log: (entry: string) => void) => void>> = {
  data: (request, log) => request.on("data", (chunk: Buffer) => log(`data ${chunk.toString("hex")}`)),
  "data with an encoding": (request, log) => {
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => log(`data ${typeof chunk} ${JSON.stringify(chunk)}`));
  },
  readable: (request, log) => {
    request.on("readable", () => {
      for (let chunk = request.read(3) ?? request.read(); chunk !== null; chunk = request.read(3) ?? request.read())
        log(`read ${(chunk as Buffer).toString("hex")}`);
    });
  },
  pipe: (request, log) => {
    request.pipe(
      new Writable({
        highWaterMark: 4,
        write(chunk: Buffer, _encoding, done) {
          log(`written ${chunk.toString("hex")}`);
          setImmediate(done);
        },
      }),
    );
  },
  "async iterator": (request, log) => {
    void (async () => {
      try {
        for await (const chunk of request) log(`next ${(chunk as Buffer).toString("hex")}`);
        log("over");
      } catch (cause) {
        log(`threw ${(cause as Error).message}`);
      }
    })();
  },
  "pause and resume": (request, log) => {
    let count = 0;
    request.on("data", (chunk: Buffer) => {
      log(`data ${chunk.toString("hex")}`);
      if (++count % 2 === 1) {
        request.pause();
        setImmediate(() => request.resume());
      }
    });
  },
  "its own writing into the chunks": (request, log) => {
    request.on("data", (chunk: Buffer) => {
      log(`data ${chunk.toString("hex")}`);
      chunk.fill(0);
    });
  },
  "leaving it after one chunk": (request, log) => {
    request.on("data", (chunk: Buffer) => {
      log(`data ${chunk.toString("hex")}`);
      request.destroy(new Error("enough"));
    });
  },
  "not reading": () => {},
  unshift: (request, log) => {
    request.once("data", (chunk: Buffer) => {
      request.pause();
      request.unshift(chunk);
      request.on("data", (again: Buffer) => log(`data ${again.toString("hex")}`));
      request.resume();
    });
  },
};

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Feeds a request as node's parser does, and writes down everything that can be seen of its stream. */
async function observe(
  chunks: readonly Buffer[],
  reader: string,
  aborted: boolean,
  tapped: boolean,
): Promise<readonly string[]> {
  const request = new http.IncomingMessage(new Socket());
  request.headers = { "content-type": "text/plain", "transfer-encoding": "chunked" };
  const entries: string[] = [];
  const log = (entry: string): void => void entries.push(entry);
  if (tapped) tapBody(request, LIMIT, () => {});
  for (const event of ["end", "close", "error", "pause", "resume"]) request.on(event, () => log(event));
  READERS[reader]?.(request, log);
  for (const chunk of chunks) {
    const more = request.push(Buffer.from(chunk));
    log(`pushed ${more} ${request.readableLength} ${String(request.readableFlowing)}`);
    await turn();
  }
  if (aborted) request.destroy(new Error("aborted"));
  else log(`ended ${request.push(null)}`);
  for (let index = 0; index < 6; index++) await turn();
  log(`${request.readableEnded} ${request.destroyed} ${request.listenerCount("data")} ${Object.keys(request).join()}`);
  return entries;
}

describe("a tapped stream", () => {
  it.each(Object.keys(READERS))(
    "is the same, event for event and byte for byte, for an application with %s",
    async (reader) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
            { maxLength: 6 },
          ),
          fc.boolean(),
          async (chunks, aborted) => {
            expect(await observe(chunks, reader, aborted, true)).toEqual(await observe(chunks, reader, aborted, false));
          },
        ),
        { numRuns: 40 },
      );
    },
  );

  it("gives what was pushed, however the application read it, up to the limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 30 }), { maxLength: 5 }),
        fc.constantFrom(...Object.keys(READERS).filter((name) => !name.startsWith("leaving"))),
        async (parts, reader) => {
          const request = new http.IncomingMessage(new Socket());
          request.headers = { "content-type": "text/plain", "transfer-encoding": "chunked" };
          const { promise, resolve: done } = Promise.withResolvers<BodyOutcome>();
          tapBody(request, LIMIT, done);
          READERS[reader]?.(request, () => {});
          const whole = Buffer.from(parts.join(""));
          for (let at = 0; at < whole.length; at += 7) {
            request.push(Buffer.from(whole.subarray(at, at + 7)));
            await turn();
          }
          request.push(null);
          const outcome = await promise;
          expect(outcome).toEqual({
            kind: "seen",
            body: {
              format: "text",
              boundary: "",
              text: whole.subarray(0, LIMIT).toString("utf8"),
              complete: whole.length <= LIMIT,
            },
          });
          expect(Object.hasOwn(request, "push")).toBe(false);
        },
      ),
    );
  });

  it.each([
    ["application/octet-stream", {}],
    ["image/png", {}],
    ["text/plain", { "content-length": "0" }],
    [undefined, { "content-length": "5" }],
  ])("is left alone for %s %j", (type, headers) => {
    const request = new http.IncomingMessage(new Socket());
    request.headers = { ...(Object.keys(headers).length === 0 ? { "transfer-encoding": "chunked" } : headers) };
    if (type !== undefined) request.headers["content-type"] = type;
    expect(tapBody(request, LIMIT, () => {})).toBeUndefined();
    expect(Object.hasOwn(request, "push")).toBe(false);
  });
});

describe("a body", () => {
  let telemetry: TestTelemetry;
  let instrumentation: HttpServerSecurityInstrumentation;

  beforeEach(() => {
    telemetry = createTestTelemetry();
    instrumentation = new HttpServerSecurityInstrumentation({
      settings: readSettings({ VEDETTE_SERVER_SIGNALS: "false" }).settings,
      reporter: telemetry.reporter,
    });
  });
  afterEach(async () => {
    instrumentation.disable();
    await telemetry.end();
  });

  const SECRET = "hunter2-hunter2";
  const BODIES: readonly [string, string, string | Buffer, Record<string, unknown>][] = [
    ["a form", "application/x-www-form-urlencoded", "a=1&name=1%27+or+%271%27%3D%271", { sql_injection: "name" }],
    [
      "JSON",
      "application/json; charset=utf-8",
      '{"user":{"tags":["x","<script>alert(1)</script>"]}}',
      { xss: "user.tags[1]" },
    ],
    ["JSON of an API", "application/vnd.api+json", '{"login":{"$ne":null}}', { nosql_injection: "login.$ne" }],
    ["XML", "text/xml", '<a><b c="x"/>..%2f..%2fetc%2fpasswd</a>', { path_traversal: "b" }],
    [
      "XML with an entity",
      "application/xml",
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      { xxe: "" },
    ],
    ["text", "text/plain", "; cat /etc/passwd", { command_injection: "" }],
    [
      "parts",
      "multipart/form-data; boundary=xx",
      '--xx\r\nContent-Disposition: form-data; name="f"; filename="../../shell.php"\r\n\r\nbinary\r\n--xx\r\nContent-Disposition: form-data; name="q"\r\n\r\n{{7*7}}\r\n--xx--\r\n',
      { path_traversal: "f", code_injection: "f", template_injection: "q" },
    ],
    [
      "GraphQL",
      "application/json",
      JSON.stringify({ query: "{ a }", variables: { id: "1 union select pass from users" } }),
      { sql_injection: "variables.id" },
    ],
    [
      "a key",
      "application/json",
      '{"constructor":{"prototype":{"admin":true}}}',
      { prototype_pollution: "constructor.prototype" },
    ],
  ];

  it.each(BODIES)("that is %s is looked at, field by field", async (_name, type, body, expected) => {
    let received = "";
    const server = http.createServer((request, response) => {
      void text(request).then((whole) => {
        received = whole;
        response.end();
      });
    });
    const port = await listen(server);
    try {
      await send(port, "/x", { method: "POST", headers: { "content-type": type }, body });
      await until(() => telemetry.events(EVENT.requestSuspicious).length > 0);
      const attributes = telemetry.events(EVENT.requestSuspicious)[0]?.attributes ?? {};
      const found = Object.fromEntries(
        (attributes[ATTR.requestIndicators] as string[]).map((indicator, at) => [
          indicator,
          (attributes[ATTR.requestParameters] as string[])[at],
        ]),
      );
      expect(found).toMatchObject(expected);
      expect(new Set(attributes[ATTR.requestLocations] as string[])).toEqual(new Set(["body"]));
      expect(received).toBe(body);
      expect(telemetry.events(EVENT.requestSuspicious)).toHaveLength(1);
    } finally {
      await close(server);
    }
  });

  it.each([
    ["gzip", zlib.gzipSync],
    ["deflate", zlib.deflateSync],
    ["br", zlib.brotliCompressSync],
  ] as const)(
    "in %s is inflated, for our eyes only",
    async (encoding, compress) => {
      const sent = compress(Buffer.from(`a=${"x".repeat(2000)}&q=..%2F..%2Fetc%2Fpasswd`));
      let received: Buffer[] = [];
      const server = http.createServer((request, response) => {
        request.on("data", (chunk: Buffer) => received.push(chunk)).on("end", () => response.end());
      });
      const port = await listen(server);
      try {
        const headers = { "content-type": "application/x-www-form-urlencoded", "content-encoding": encoding };
        await send(port, "/x", { method: "POST", headers, body: sent });
        await until(() => telemetry.events(EVENT.requestSuspicious).length > 0);
        expect(Buffer.concat(received).equals(sent)).toBe(true);
        received = [];
        // A bomb: two hundred megabytes in as many kilobytes.
        const bomb = zlib.gzipSync(Buffer.alloc(200_000_000));
        await send(port, "/x", { method: "POST", headers: { ...headers, "content-encoding": "gzip" }, body: bomb });
        await until(async () =>
          (await telemetry.points("vedette.inspections.truncated")).some(
            ({ attributes }) => attributes[ATTR.inspectionLimit] === "bytes",
          ),
        );
        expect(Buffer.concat(received).equals(bomb)).toBe(true);
      } finally {
        await close(server);
      }
    },
    20_000,
  );

  it("in an encoding that is not known is said not to be looked at", async () => {
    const server = http.createServer((request, response) => void request.resume().on("end", () => response.end()));
    const port = await listen(server);
    try {
      await send(port, "/x", {
        method: "POST",
        headers: { "content-type": "text/plain", "content-encoding": "aes128" },
        body: "x",
      });
      await until(async () =>
        (await telemetry.points("vedette.inspections.truncated")).some(
          ({ attributes }) => attributes[ATTR.inspectionLimit] === "encoding",
        ),
      );
    } finally {
      await close(server);
    }
  });

  it("and the head make one event, that has no secret in it", async () => {
    const server = http.createServer((request, response) => void request.resume().on("end", () => response.end()));
    const port = await listen(server);
    try {
      await send(port, "/x?q=..%2F..%2Fetc%2Fpasswd", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ credentials: { password: `${SECRET}' or '1'='1` } }),
      });
      await until(() => telemetry.events(EVENT.requestSuspicious).length > 0);
      const [event, ...others] = telemetry.events(EVENT.requestSuspicious);
      expect(others).toEqual([]);
      expect(event?.attributes[ATTR.requestLocations]).toEqual(["query", "body"]);
      expect(JSON.stringify(event?.attributes)).not.toContain("hunter2");
    } finally {
      await close(server);
    }
  });

  it("that never ends does not hold back what the head showed", async () => {
    const server = http.createServer((request) => void request.resume());
    const port = await listen(server);
    try {
      void sendRaw(
        port,
        "POST /x?q=..%2F..%2Fetc%2Fpasswd HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" +
          '{"a":"<script>alert(1)',
      ).catch(() => {});
      await until(() => telemetry.events(EVENT.requestSuspicious).length > 0);
      expect(telemetry.events(EVENT.requestSuspicious)[0]?.attributes[ATTR.requestIndicators]).toEqual([
        "path_traversal",
        "xss",
      ]);
    } finally {
      await close(server);
    }
  });

  const SENT = { text: "'; drop table users --", list: [1, { a: "é€😀" }] };
  const POSTED = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(SENT) };

  it("reaches the parsers of express as it was sent", async () => {
    const requireThere = createRequire(resolve(import.meta.dirname, "../matrix/express-4/package.json"));
    interface App extends http.RequestListener {
      (request: http.IncomingMessage, response: http.ServerResponse): void;
      use(...handlers: unknown[]): void;
      post(path: string, handler: unknown): void;
    }
    const express = requireThere("express") as (() => App) & { json(): unknown };
    const app = express();
    app.use(express.json());
    app.post("/x", (request: { body: unknown }, response: { json(body: unknown): void }) =>
      response.json(request.body),
    );
    const server = http.createServer(app);
    const port = await listen(server);
    try {
      expect((await send(port, "/x", POSTED)).body).toBe(JSON.stringify(SENT));
      await until(() => telemetry.events(EVENT.requestSuspicious).length > 0);
      expect(telemetry.events(EVENT.requestSuspicious)[0]?.attributes[ATTR.requestParameters]).toContain("text");
    } finally {
      await close(server);
    }
  });

  it("reaches the parsers of fastify as it was sent", async () => {
    const app = fastify();
    app.post("/x", async (request) => request.body);
    try {
      await app.listen({ port: 0, host: "127.0.0.1" });
      const { port } = app.server.address() as AddressInfo;
      expect((await send(port, "/x", POSTED)).body).toBe(JSON.stringify(SENT));
      await until(() => telemetry.events(EVENT.requestSuspicious).length > 0);
      expect(telemetry.events(EVENT.requestSuspicious)[0]?.attributes[ATTR.requestParameters]).toContain("text");
    } finally {
      await app.close();
    }
  });

  it("survives a client that goes away halfway", async () => {
    const server = http.createServer(
      (request, response) =>
        void request
          .on("error", () => {})
          .resume()
          .on("end", () => response.end()),
    );
    const port = await listen(server);
    try {
      const request = http.request({
        host: "127.0.0.1",
        port,
        path: "/x",
        method: "POST",
        headers: { "content-type": "text/plain" },
      });
      request.on("error", () => {});
      request.write("half");
      const [incoming] = (await once(server, "request")) as [http.IncomingMessage];
      request.destroy();
      await until(() => incoming.destroyed);
      expect((await send(port, "/x")).status).toBe(200);
    } finally {
      await close(server);
    }
  });
});
