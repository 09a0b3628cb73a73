// The measured service over node:http, express or fastify: `plain`, `otel` (SDK, HTTP and framework instrumentation, exported to nowhere), `vedette` (the same and ours) or `zen` (@aikidosec/firewall alone, which is loaded before).
import { createRequire } from "node:module";

const [variant, framework] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const others = createRequire(new URL("../matrix/opentelemetry-auto/package.json", import.meta.url));
if (variant === "otel" || variant === "vedette") {
  const { NodeSDK } = require("@opentelemetry/sdk-node");
  const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
  const { AlwaysOnSampler, BatchSpanProcessor } = require("@opentelemetry/sdk-trace");
  const { BatchLogRecordProcessor } = require("@opentelemetry/sdk-logs");
  const { PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");
  const nowhere = { export: (_batch, done) => done({ code: 0 }), shutdown: async () => {}, forceFlush: async () => {} };
  const instrumentations = [new HttpInstrumentation()];
  if (framework === "express") {
    const { ExpressInstrumentation } = createRequire(others.resolve("@opentelemetry/auto-instrumentations-node"))(
      "@opentelemetry/instrumentation-express",
    );
    instrumentations.push(new ExpressInstrumentation());
  }
  if (variant === "vedette") {
    const { startVedette } = await import("@vedette/instrumentation");
    startVedette({ settings: { startSdk: false } });
  }
  new NodeSDK({
    autoDetectResources: false,
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor({ exporter: nowhere })],
    logRecordProcessors: [new BatchLogRecordProcessor({ exporter: nowhere })],
    metricReaders: [new PeriodicExportingMetricReader({ exporter: nowhere, exportIntervalMillis: 10_000 })],
    instrumentations,
  }).start();
}

const http = require("http");
const item = { id: 42, name: "lamp", price: 19.9, tags: ["a", "b"] };
let server;
if (framework === "fastify") {
  const app = require("fastify")();
  app.get("/items/:id", async (request) => ({ ...item, id: request.params.id, q: request.query.q }));
  app.post("/items/:id", async (request) => ({ ...item, id: request.params.id, name: request.body?.name }));
  await app.listen({ port: 0, host: "127.0.0.1" });
  server = app.server;
} else if (framework === "express") {
  const express = others("express");
  const app = express();
  app.use(express.json());
  app.get("/items/:id", (request, response) => response.json({ ...item, id: request.params.id, q: request.query.q }));
  app.post("/items/:id", (request, response) =>
    response.json({ ...item, id: request.params.id, name: request.body?.name }),
  );
  server = http.createServer(app);
} else {
  server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    response.setHeader("content-type", "application/json");
    request.resume().on("end", () => response.end(JSON.stringify({ ...item, q: url.searchParams.get("q") })));
  });
}
const ready = () => process.send({ port: server.address().port });
if (server.listening) ready();
else server.listen(0, "127.0.0.1", ready);
process.on("message", (message) => {
  if (message === "cpu") process.send({ cpu: process.cpuUsage() });
  if (message === "heap") {
    globalThis.gc();
    process.send({ heap: process.memoryUsage().heapUsed, resident: process.memoryUsage.rss() });
  }
  if (message === "end") process.exit(0);
});
