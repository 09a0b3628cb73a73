import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject, LogSource } from "../event.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { RULE_SETS, type SharedRule, sharedLines, skipReason, withSharedData } from "../testing/shared-data.ts";
import { mappingOf } from "../testing/shape.ts";
import { WINDOWS_CHANNELS } from "./windows-log-sources.ts";

const ecs = (more: JsonObject): JsonObject => ({
  "@timestamp": "2026-01-01T00:00:00Z",
  ecs: { version: "8.0.0" },
  ...more,
});
const onHost = (os: string, category: string, type: string, action = ""): JsonObject =>
  ecs({
    event: { category: [category], type: [type], action },
    host: { os: { type: os } },
    process: { executable: "a" },
    ...(category === "network" ? { destination: { ip: "192.0.2.1" } } : {}),
  });

/** One document for each thing that the shipped mappings tell apart; a rule is reached when some of these belongs to its log source. */
const WITNESSES: readonly JsonObject[] = [
  ...WINDOWS_CHANNELS.map((Channel) => ({ EventID: 1, Channel })),
  ...Array.from({ length: 30 }, (_, id) => ({ EventID: id, Channel: "Microsoft-Windows-Sysmon/Operational" })),
  { EventID: 255, Channel: "Microsoft-Windows-Sysmon/Operational" },
  { EventID: 4688, Channel: "Security" },
  { EventID: 1116, Channel: "Microsoft-Windows-Windows Defender/Operational" },
  ...[4103, 4104].map((EventID) => ({ EventID, Channel: "Microsoft-Windows-PowerShell/Operational" })),
  ...[400, 600, 800].map((EventID) => ({ EventID, Channel: "Windows PowerShell" })),
  ...[12, 19, 27].map((EventID) => ({ EventID, Provider_Name: "Microsoft-Windows-Kernel-File" })),
  { EventID: 3, EventLog: "RPCFW" },
  ...["windows", "linux", "macos"].flatMap((os) => [
    onHost(os, "process", "start"),
    onHost(os, "file", "creation"),
    onHost(os, "network", "start"),
  ]),
  { type: "EXECVE", msg: "audit(1.0:1)", a0: "a" },
  ...["sshd", "sudo", "cron", "clamd", "guacd", "vsftpd"].map((name) =>
    ecs({ event: { dataset: "system.auth" }, process: { name } }),
  ),
  ecs({ event: { dataset: "system.syslog" } }),
  ...["nginx", "apache", "iis"].map((module) => ecs({ event: { module, dataset: `${module}.access` } })),
  ecs({ event: { dataset: "apache.error", module: "apache" } }),
  ecs({ event: { module: "squid" }, http: { request: { method: "GET" } } }),
  ecs({ dns: { question: { name: "a" } } }),
  ecs({ destination: { ip: "192.0.2.1" } }),
  ...[
    "aws.cloudtrail",
    "azure.activitylogs",
    "azure.auditlogs",
    "azure.signinlogs",
    "azure.identity_protection",
    "gcp.audit",
    "google_workspace.admin",
    "google_workspace.login",
    "okta.system",
    "github.audit",
    "kubernetes.audit_logs",
    "bitbucket.audit",
    "onelogin.events",
    "cisco_duo.auth",
    "fortinet.firewall",
    "netflow.log",
  ].map((dataset) => ecs({ event: { dataset } })),
  ...["Exchange", "SecurityComplianceCenter"].map((Workload) =>
    ecs({ event: { module: "o365", dataset: "o365.audit" }, o365: { audit: { Workload } } }),
  ),
  ...["AAA", "BGP", "LDP", "SYS"].map((facility) =>
    ecs({ event: { module: "cisco", dataset: "cisco.ios" }, cisco: { ios: { facility } } }),
  ),
  { logtype: 1000, node_id: "a" },
  ...["dce_rpc", "dns", "http", "kerberos", "rdp", "smb_files", "x509"].map((_path) => ({ _path, ts: 1 })),
  ...["java", "nodejs", "python", "ruby"].map((language) => ({
    attributes: {},
    resource: { attributes: { "telemetry.sdk.language": language } },
    body: "a",
  })),
];

const KEYS = ["product", "category", "service"] as const;
const reaches = (rule: LogSource, source: LogSource): boolean =>
  KEYS.every((key) => rule[key] === undefined || rule[key] === source[key]);

describe.skipIf(!withSharedData)(`SigmaHQ's rules by log source${skipReason}`, () => {
  const files = withSharedData ? sharedLines<SharedRule>("sigma-rules.jsonl.gz") : [];
  const { rules } = loadRules(
    files.filter(({ set }) => RULE_SETS.includes(set)).map(({ path, yaml }) => ({ path, text: yaml })),
  );
  const told = WITNESSES.flatMap((document) => mappingOf(document).logSources(document));
  const missed = new Map<string, number>();
  let reached = 0;
  for (const { logSource } of rules) {
    if (told.some((source) => reaches(logSource, source))) reached++;
    else {
      const name = KEYS.flatMap((key) => (logSource[key] === undefined ? [] : [`${key} ${logSource[key]}`])).join(", ");
      missed.set(name, (missed.get(name) ?? 0) + 1);
    }
  }
  const summary = `Of ${rules.length} rules ${reached} are reached by some shipped mapping; ${rules.length - reached} are not.`;
  const rows = [...missed]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name, count]) => `| ${name} | ${count} |`);

  test("no log source with five or more rules is out of reach of all mappings", () => {
    expect([...missed].filter(([, count]) => count >= 5)).toEqual([]);
  });

  test("the page on mappings says how many are reached, and which are not", () => {
    const page = readFileSync(new URL("../../../../docs/mappings.md", import.meta.url), "utf8");
    for (const line of [summary, ...rows]) expect(page).toContain(line);
    expect(page.match(/^\| (?:product|category|service) [^|]+\| \d+ \|$/gm)).toEqual(rows);
  });
});
