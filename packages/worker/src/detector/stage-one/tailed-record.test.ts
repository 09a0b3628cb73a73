import { expect, test } from "vitest";
import { streamOf } from "./tailed-record.ts";

test.each([
  ["logs-1", "logs-1"],
  [".ds-logs-nginx-default-2026.11.21-000001", "logs-nginx-default"],
  ["partial-.ds-logs-nginx-default-2026.11.21-000001", "logs-nginx-default"],
  ["shrink-iw_p-.ds-logs-nginx-default-2026.11.21-000012", "logs-nginx-default"],
  ["partial-shrink-iwbp-.ds-logs-a-b-2026.11.21-1000001", "logs-a-b"],
  ["shrink-iwbp-filebeat-8.19-2026.11.21-000001", "filebeat-8.19-2026.11.21-000001"],
  ["restored-filebeat-8.19-2026.11.21-000001", "filebeat-8.19-2026.11.21-000001"],
  ["berlin:restored-.ds-logs-a-b-2026.11.21-000001", "berlin:logs-a-b"],
  ["berlin:logs-1", "berlin:logs-1"],
  ["shrink-rays", "shrink-rays"],
])("events of %s are known by %s", (index, stream) => {
  expect(streamOf(index)).toBe(stream);
});
