import { logs, metrics, SeverityNumber, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

// A service as anybody would write it: everything about the exporters comes from the environment.
const sdk = new NodeSDK();
sdk.start();

const meter = metrics.getMeter("client-test", "1.0.0");
const attempts = meter.createCounter("client.attempts", { unit: "{attempt}", description: "Attempts." });
const duration = meter.createHistogram("client.duration", {
  unit: "s",
  advice: { explicitBucketBoundaries: [0.1, 1] },
});
const level = meter.createUpDownCounter("client.level", { unit: "By" });
attempts.add(2, { outcome: "failure" });
attempts.add(3, { outcome: "failure" });
duration.record(0.05);
duration.record(5);
level.add(7);

trace.getTracer("client-test").startActiveSpan("work", (span) => {
  logs.getLogger("client-test", "1.0.0").emit({
    eventName: "vedette.authentication",
    severityNumber: SeverityNumber.WARN,
    severityText: "WARN",
    body: "login failed",
    attributes: {
      "client.address": "203.0.113.7",
      count: 3,
      ratio: 0.5,
      ok: false,
      tags: ["a", "ä"],
      nested: { deep: [1] },
    },
    timestamp: 1_795_234_315_316,
  });
  span.end();
});

await sdk.shutdown();
