import { describe, test } from "vitest";
import { type Shape, expectShape } from "../testing/shape.ts";

const SHAPES: readonly Shape[] = [
  {
    what: "a request",
    document: {
      attributes: {
        "http.request.method": "GET",
        "url.path": "/a.php",
        "url.query": "b=1",
        "http.response.status_code": 200,
        "user_agent.original": "curl",
        "client.address": "192.0.2.1",
      },
      resource: { attributes: { "telemetry.sdk.language": "nodejs" } },
      body: { text: "x" },
    },
    mapping: "otel",
    sources: ["nodejs/application/", "/webserver/"],
    fields: {
      "cs-method": "GET",
      "cs-uri-query": "/a.php?b=1",
      "cs-uri-stem": "/a.php",
      "sc-status": 200,
      "cs-user-agent": "curl",
      "c-ip": "192.0.2.1",
    },
  },
  {
    what: "a request in the conventions before",
    document: {
      attributes: { "http.method": "GET", "http.target": "/a?b", "http.status_code": 404 },
      resource: { attributes: {} },
      body: { text: "x" },
    },
    mapping: "otel",
    sources: ["/webserver/"],
    fields: { "cs-method": "GET", "cs-uri-query": "/a?b", "sc-status": 404 },
  },
  {
    what: "a line of auth.log",
    document: {
      attributes: { "log.file.name": "auth.log", appname: "sshd" },
      resource: { attributes: {} },
      body: { text: "Failed password" },
    },
    mapping: "otel",
    sources: ["linux//auth", "linux//sshd"],
  },
];

describe("OTel documents are read from", () => {
  test.each(SHAPES.map((shape) => [shape.what, shape] as const))("%s", (_what, shape) => {
    expectShape(shape);
  });
});
