import { describe, expect, test } from "vitest";
import { flatten, halfNest } from "../testing/ecs-form.ts";
import { ISO, type Shape, expectShape, fieldsOf, mappingOf, showLogSource } from "../testing/shape.ts";

const SHAPES: readonly Shape[] = [
  {
    what: "a web server",
    document: {
      "@timestamp": ISO,
      event: { dataset: "nginx.access", module: "nginx" },
      http: { request: { method: "GET", referrer: "https://r.test" }, response: { status_code: 404 } },
      url: { original: "/a.php?b=1" },
      user_agent: { original: "curl" },
      source: { ip: "192.0.2.3" },
    },
    mapping: "ecs",
    sources: ["/webserver/nginx"],
    fields: {
      "cs-method": "GET",
      "sc-status": 404,
      "cs-uri-query": "/a.php?b=1",
      "cs-uri-stem": "/a.php",
      "c-ip": "192.0.2.3",
      "cs-user-agent": "curl",
      "cs-referer": "https://r.test",
    },
  },
  {
    what: "a web server with path and query apart",
    document: { "@timestamp": ISO, http: { request: { method: "GET" } }, url: { path: "/a.php", query: "b=1" } },
    mapping: "ecs",
    sources: ["/webserver/"],
    fields: { "cs-uri-query": "/a.php?b=1", "cs-uri-stem": "/a.php" },
  },
  {
    what: "an antivirus",
    document: {
      "@timestamp": ISO,
      event: { category: ["malware", "file"], action: "deletion" },
      rule: { name: "EICAR" },
      file: { path: "C:\\x.com" },
    },
    mapping: "ecs",
    sources: ["/antivirus/"],
    fields: { Signature: "EICAR", Filename: "C:\\x.com", Action: "deletion" },
  },
  {
    what: "a proxy",
    document: {
      "@timestamp": ISO,
      event: { module: "squid" },
      http: { request: { method: "GET" } },
      url: { full: "http://x.test/a", domain: "x.test", extension: "exe" },
    },
    mapping: "ecs",
    sources: ["/proxy/squid"],
    fields: { "c-uri": "http://x.test/a", "cs-host": "x.test", "c-uri-extension": "exe" },
  },
  {
    what: "DNS on the wire",
    document: {
      "@timestamp": ISO,
      event: { category: ["network"] },
      dns: { question: { name: "x.test", type: "TXT" } },
    },
    mapping: "ecs",
    sources: ["/dns/", "/network/dns"],
    fields: { "dns.question.name": "x.test" },
  },
  {
    what: "a firewall",
    document: {
      "@timestamp": ISO,
      observer: { type: "firewall" },
      event: { category: ["network"] },
      source: { ip: "192.0.2.1" },
      destination: { ip: "192.0.2.2", port: 22 },
    },
    mapping: "ecs",
    sources: ["/firewall/", "/network/connection"],
    fields: { "destination.port": 22 },
  },
  {
    what: "CloudTrail by Elastic Agent",
    document: {
      "@timestamp": ISO,
      event: { dataset: "aws.cloudtrail", provider: "iam.amazonaws.com", action: "CreateUser" },
      aws: {
        cloudtrail: {
          user_identity: { type: "Root" },
          error_code: "AccessDenied",
          flattened: { request_parameters: { userName: "eve" } },
          request_parameters: "{userName=eve}",
        },
      },
      source: { address: "192.0.2.1" },
    },
    mapping: "ecs",
    sources: ["aws//cloudtrail"],
    fields: {
      eventSource: "iam.amazonaws.com",
      eventName: "CreateUser",
      "userIdentity.type": "Root",
      errorCode: "AccessDenied",
      "requestParameters.userName": "eve",
      requestParameters: '{"userName":"eve"}',
      sourceIPAddress: "192.0.2.1",
    },
  },
  {
    what: "Okta by Elastic Agent",
    document: {
      "@timestamp": ISO,
      event: { dataset: "okta.system", action: "user.lock" },
      okta: { security_context: { is_proxy: true }, target: [{ display_name: "t" }] },
    },
    mapping: "ecs",
    sources: ["okta//okta"],
    fields: { eventType: "user.lock", "securityContext.isProxy": true, "target.displayName": "t" },
  },
  {
    what: "Kubernetes by Elastic Agent",
    document: {
      "@timestamp": ISO,
      event: { dataset: "kubernetes.audit_logs" },
      kubernetes: { audit: { verb: "create", objectRef: { resource: "pods" } } },
    },
    mapping: "ecs",
    sources: ["kubernetes/application/audit"],
    fields: { verb: "create", "objectRef.resource": "pods" },
  },
  {
    what: "Azure's audit log by Elastic Agent",
    document: {
      "@timestamp": ISO,
      event: { dataset: "azure.auditlogs", action: "Add user" },
      azure: { auditlogs: { category: "AuditLogs", properties: { logged_by_service: "Core Directory" } } },
    },
    mapping: "ecs",
    sources: ["azure//auditlogs", "azure//pim"],
    fields: { OperationName: "Add user", "properties.message": "Add user" },
  },
  {
    what: "an event of ours in ECS mode",
    document: {
      "@timestamp": ISO,
      event: { action: "vedette.authentication", outcome: "failure" },
      client: { address: "203.0.113.7" },
      user: { id: "u-42" },
      service: { name: "shop" },
    },
    mapping: "ecs",
    sources: ["vedette/application/authentication"],
    fields: { "client.address": "203.0.113.7", "event.outcome": "failure", event_name: "vedette.authentication" },
    entities: ["address 203.0.113.7", "user u-42", "service shop"],
  },
];

describe("ECS documents are read from", () => {
  test.each(SHAPES.map((shape) => [shape.what, shape] as const))("%s", (_what, shape) => {
    expectShape(shape);
  });
});

describe.each([
  ["flattened", flatten],
  ["half flattened", halfNest],
])("an ECS document %s is read as the nested one is", (_name, change) => {
  test.each(SHAPES.map((shape) => [shape.what, shape] as const))("%s", (_what, shape) => {
    const document = change(shape.document);
    const mapping = mappingOf(document);
    expect([mapping.name, mapping.logSources(document).map(showLogSource)]).toEqual([shape.mapping, shape.sources]);
    // A structure that was flattened away is no text to search in.
    const { requestParameters: _, ...fields } = shape.fields ?? {};
    expect(fieldsOf(document, Object.keys(fields))).toEqual(fields);
    expect(mapping.entities(document)).toEqual(mapping.entities(shape.document));
  });
});
