// An application with an SDK and an HTTP instrumentation of its own, set up before or after ours; prints what was recorded.
const { InMemoryLogRecordExporter, SimpleLogRecordProcessor } = require("@opentelemetry/sdk-logs");
const { InMemorySpanExporter, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { SpanKind } = require("@opentelemetry/api");
const { NodeSDK } = require("@opentelemetry/sdk-node");

const logs = new InMemoryLogRecordExporter();
const spans = new InMemorySpanExporter();
const theirs = () => {
  new NodeSDK({
    autoDetectResources: false,
    metricReaders: [],
    logRecordProcessors: [new SimpleLogRecordProcessor({ exporter: logs })],
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
    instrumentations: [new HttpInstrumentation()],
  }).start();
  require("http");
};
const ours = () => require("@vedette/instrumentation").startVedette({ settings: { startSdk: false } });
for (const start of process.argv[2] === "ours-first" ? [ours, theirs] : [theirs, ours]) start();

const http = require("http");
const { security } = require("@vedette/instrumentation");
const server = http.createServer((request, response) => {
  security.authentication({ outcome: "success" });
  response.writeHead(403).end();
});
server.listen(0, "127.0.0.1", () => {
  http.get({ host: "127.0.0.1", port: server.address().port, path: "/?q=%3Cscript%3Ex", agent: false }, (response) => {
    response.resume().on("end", () => {
      setTimeout(() => {
        const serverSpan = spans.getFinishedSpans().find((span) => span.kind === SpanKind.SERVER);
        const records = logs.getFinishedLogRecords().map((record) => ({
          name: record.eventName,
          traceId: record.spanContext?.traceId,
          spanId: record.spanContext?.spanId,
        }));
        process.stdout.write(JSON.stringify({ span: serverSpan?.spanContext(), records }));
        server.close();
      }, 50);
    });
  });
});
