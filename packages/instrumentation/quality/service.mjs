// The application that labelled requests are sent to: node:http with the instrumentation and OpenTelemetry's, whose trace ids say which request an event is about.
import { createRequire } from "node:module";
import { startVedette } from "@vedette/instrumentation";

const require = createRequire(import.meta.url);
const { NodeSDK } = require("@opentelemetry/sdk-node");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { AlwaysOnSampler } = require("@opentelemetry/sdk-trace");
const { SimpleLogRecordProcessor } = require("@opentelemetry/sdk-logs");

/** Indicators of each event, by the trace id of its request. */
let events = [];
const kept = {
  export(records, done) {
    for (const record of records)
      if (record.eventName === "vedette.request.suspicious")
        events.push([record.spanContext?.traceId, record.attributes["vedette.request.indicators"]]);
    done({ code: 0 });
  },
  shutdown: async () => {},
  forceFlush: async () => {},
};

startVedette({ settings: { startSdk: false } });
new NodeSDK({
  autoDetectResources: false,
  sampler: new AlwaysOnSampler(),
  spanProcessors: [],
  metricReaders: [],
  logRecordProcessors: [new SimpleLogRecordProcessor({ exporter: kept })],
  instrumentations: [new HttpInstrumentation()],
}).start();

const http = require("http");
const server = http.createServer({ maxHeaderSize: 65_536 }, (request, response) => {
  request.on("error", () => {});
  request.resume().on("end", () => {
    response.statusCode = 204;
    response.end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", (message) => {
  if (message === "events") {
    // What was said about a body comes a turn after its end.
    setImmediate(() => setImmediate(() => process.send({ events }, () => (events = []))));
  } else if (message === "end") process.exit(0);
});
