import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startOtlpServer, type OtlpServer } from "../testing/otlp-server.ts";

/** Runs a service with the real OpenTelemetry SDK and its OTLP exporters against a receiver. */
const runClient = (
  server: OtlpServer,
  environment: Record<string, string>,
): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "../testing/otlp-client.ts")], {
      env: {
        PATH: process.env["PATH"],
        OTEL_SERVICE_NAME: "client",
        OTEL_RESOURCE_ATTRIBUTES: "service.instance.id=one,deployment.environment.name=test",
        OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
        OTEL_LOGS_EXPORTER: "otlp",
        OTEL_METRICS_EXPORTER: "otlp",
        OTEL_TRACES_EXPORTER: "otlp",
        ...environment,
      },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("close", (code) => resolve({ code, output }));
  });

describe("the OpenTelemetry SDK's own exporters", () => {
  it.each([
    ["http/protobuf", "none", "cumulative"],
    ["http/protobuf", "gzip", "delta"],
    ["http/json", "none", "cumulative"],
    ["http/json", "gzip", "delta"],
  ])(
    "deliver logs, metrics and traces by %s, compression %s, temporality %s",
    async (protocol, compression, temporality) => {
      await using server = await startOtlpServer({ token: "client-token" });
      const { code, output } = await runClient(server, {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer client-token",
      });
      expect(output).toBe("");
      expect(code).toBe(0);
      expect(server.inbox.records).toHaveLength(1);
      const [record] = server.inbox.records;
      expect(record).toMatchObject({ partition: "client", time: 1_795_234_315_316 });
      expect(record?.document).toMatchObject({
        "@timestamp": "2026-11-21T04:11:55.316Z",
        event_name: "vedette.authentication",
        severity_number: 13,
        severity_text: "WARN",
        body: { text: "login failed" },
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
        attributes: {
          "client.address": "203.0.113.7",
          count: 3,
          ratio: 0.5,
          ok: false,
          tags: ["a", "ä"],
          nested: { deep: [1] },
        },
        resource: {
          attributes: {
            "service.name": "client",
            "telemetry.sdk.language": "nodejs",
            "deployment.environment.name": "test",
          },
        },
        scope: { name: "client-test", version: "1.0.0" },
      });
      expect(server.observer.get("spans")).toBe(1);
      const text = server.metrics.render();
      const labels = 'instance="one",job="client",otel_scope_name="client-test"';
      expect(text).toContain(
        `# TYPE client_attempts_total counter\nclient_attempts_total{${labels},outcome="failure"} 5\n`,
      );
      expect(text).toContain(`client_duration_seconds_bucket{${labels},le="0.1"} 1\n`);
      expect(text).toContain(`client_duration_seconds_bucket{${labels},le="+Inf"} 2\n`);
      expect(text).toContain(`client_duration_seconds_sum{${labels}} 5.05\n`);
      expect(text).toContain(`# TYPE client_level_bytes gauge\nclient_level_bytes{${labels}} 7\n`);
      expect(text).toMatch(/target_info\{deployment_environment_name="test",.*job="client"/);
    },
  );

  it("are told when the token is wrong", async () => {
    await using server = await startOtlpServer({ token: "client-token" });
    await runClient(server, { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" });
    expect(server.inbox.records).toEqual([]);
    expect(server.observer.get("request unauthorized")).toBeGreaterThanOrEqual(3);
  });
});
