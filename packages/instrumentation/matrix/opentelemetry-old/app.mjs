// An application with an SDK of OpenTelemetry that is too old for ours, set up in code.
import { once } from "node:events";
import { createServer } from "node:http";
import { metrics, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

new NodeSDK().start();
const requests = metrics.getMeter("app").createCounter("app.requests");
const server = createServer((_request, response) => {
  requests.add(1);
  trace.getTracer("app").startActiveSpan("serve", (span) => {
    response.end("served");
    span.end();
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
