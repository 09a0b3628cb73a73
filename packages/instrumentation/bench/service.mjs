// The measured service: `plain`, `otel` (SDK + HTTP instrumentation, exported to nowhere) or `vedette` (the same and ours), over node:http or fastify.
import { createRequire } from "node:module";

const [variant, framework] = process.argv.slice(2);
const require = createRequire(import.meta.url);
if (variant !== "plain") {
  const { NodeSDK } = require("@opentelemetry/sdk-node");
  const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
  const { AlwaysOnSampler, BatchSpanProcessor } = require("@opentelemetry/sdk-trace");
  const { BatchLogRecordProcessor } = require("@opentelemetry/sdk-logs");
  const { PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");
  const nowhere = { export: (_batch, done) => done({ code: 0 }), shutdown: async () => {}, forceFlush: async () => {} };
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
    instrumentations: [new HttpInstrumentation()],
  }).start();
}

const http = require("http");
const item = { id: 42, name: "lamp", price: 19.9, tags: ["a", "b"] };
let server;
let listening;
if (framework === "fastify") {
  const app = require("fastify")();
  app.get("/items/:id", async (request) => ({ ...item, id: request.params.id, q: request.query.q }));
  await app.listen({ port: 0, host: "127.0.0.1" });
  server = app.server;
  listening = true;
} else {
  server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...item, q: url.searchParams.get("q") }));
  });
}
const ready = () => process.send({ port: server.address().port });
if (listening) ready();
else server.listen(0, "127.0.0.1", ready);
process.on("message", (message) => {
  if (message === "cpu") process.send({ cpu: process.cpuUsage() });
  if (message === "end") process.exit(0);
});
