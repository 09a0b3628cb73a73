import { describe, test } from "vitest";
import { AT, ISO, type Shape, expectShape } from "../testing/shape.ts";

const SHAPES: readonly Shape[] = [
  {
    what: "Bitbucket",
    document: {
      auditType: { action: "Global secret scanning rule deleted", category: "Global administration" },
      timestamp: ISO,
      author: { name: "eve" },
    },
    mapping: "bitbucket",
    sources: ["bitbucket//audit"],
    fields: { "auditType.action": "Global secret scanning rule deleted" },
    time: AT,
    entities: ["user eve"],
  },
  {
    what: "OneLogin",
    document: { event_type_id: 3, user_name: "eve" },
    mapping: "onelogin",
    sources: ["onelogin//onelogin.events"],
    fields: { event_type_id: 3 },
  },
  {
    what: "Duo",
    document: {
      isotimestamp: ISO,
      event_type: "authentication",
      reason: "bypass_user",
      txid: "1",
      user: { name: "eve" },
    },
    mapping: "duo",
    sources: ["cisco//duo"],
    fields: { reason: "bypass_user" },
    time: AT,
    entities: ["user eve"],
  },
  {
    what: "Zeek",
    document: {
      _path: "dns",
      ts: AT / 1_000,
      uid: "C1",
      "id.orig_h": "192.0.2.1",
      "id.resp_p": 53,
      query: "x.test",
      qtype_name: "TXT",
      answers: ["a"],
    },
    mapping: "zeek",
    sources: ["zeek/dns/dns"],
    fields: { query: "x.test", record_type: "TXT", answer: ["a"], "id.resp_p": 53 },
    time: AT,
    entities: ["address 192.0.2.1"],
  },
  {
    what: "Zeek without the name of the log",
    document: { ts: 1, uid: "C1", id: { orig_h: "192.0.2.1" }, endpoint: "samr", operation: "SamrConnect" },
    mapping: "zeek",
    sources: ["zeek//dce_rpc"],
    fields: { operation: "SamrConnect", "id.orig_h": "192.0.2.1" },
  },
  {
    what: "FortiGate",
    document: { logid: "0100044547", devid: "F1", type: "event", action: "Add", cfgpath: "system.admin", user: "eve" },
    mapping: "fortigate",
    sources: ["fortigate//event", "fortios//sslvpnd"],
    fields: { cfgpath: "system.admin", action: "Add" },
    entities: ["user eve"],
  },
  {
    what: "OpenCanary",
    document: { logtype: 4002, node_id: "n", src_host: "192.0.2.1", utc_time: "2026-01-02 03:04:05" },
    mapping: "opencanary",
    sources: ["opencanary/application/"],
    fields: { logtype: 4002 },
    time: AT,
    entities: ["address 192.0.2.1", "host n"],
  },
  {
    what: "IIS",
    document: {
      "cs-method": "GET",
      "cs-uri-stem": "/a",
      "cs-uri-query": "b=1",
      "sc-status": 200,
      "c-ip": "192.0.2.1",
      "cs(User-Agent)": "curl",
    },
    mapping: "w3c",
    sources: ["/webserver/"],
    fields: { "cs-uri-query": "/a?b=1", "cs-uri-stem": "/a", "cs-user-agent": "curl", "sc-status": 200 },
    entities: ["address 192.0.2.1"],
  },
];

describe("logs of network and other products are read from", () => {
  test.each(SHAPES.map((shape) => [shape.what, shape] as const))("%s", (_what, shape) => {
    expectShape(shape);
  });
});
