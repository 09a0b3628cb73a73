import { describe, expect, test } from "vitest";
import { flatten, halfNest } from "../testing/ecs-form.ts";
import { AT, ISO, type Shape, expectShape, fieldsOf, mappingOf, showLogSource } from "../testing/shape.ts";

const windowsHost = { name: "ws1", os: { type: "windows" } };
const linuxHost = { name: "web1", os: { platform: "ubuntu", family: "debian" } };

const SHAPES: readonly Shape[] = [
  {
    what: "a process on Windows",
    document: {
      "@timestamp": ISO,
      event: { category: ["process"], type: ["start"], action: "start" },
      host: windowsHost,
      process: { executable: "C:\\a.exe", args: ["a.exe", "/x"], pe: { imphash: "cc" }, hash: { md5: "aa" } },
      user: { domain: "NT AUTHORITY", name: "SYSTEM" },
    },
    mapping: "ecs",
    sources: ["windows/process_creation/"],
    fields: {
      Image: "C:\\a.exe",
      CommandLine: "a.exe /x",
      User: "NT AUTHORITY\\SYSTEM",
      Hashes: "MD5=AA,IMPHASH=CC",
      Imphash: "cc",
    },
    time: AT,
    entities: ["user SYSTEM", "host ws1"],
  },
  {
    what: "a fork, which starts no program",
    document: {
      "@timestamp": ISO,
      event: { category: ["process"], type: ["start"], action: "fork" },
      host: { os: { type: "linux" } },
      process: { executable: "/bin/sh" },
    },
    mapping: "ecs",
    sources: [],
  },
  {
    what: "a registry value",
    document: {
      "@timestamp": ISO,
      event: { category: "registry", type: "change", action: "modification" },
      host: windowsHost,
      registry: { path: "HKLM\\a\\b", value: "b", data: { type: "REG_DWORD", strings: ["1"] } },
    },
    mapping: "ecs",
    sources: ["windows/registry_event/", "windows/registry_set/"],
    fields: { TargetObject: "HKLM\\a\\b", Details: "DWORD (0x00000001)", EventType: "SetValue" },
  },
  {
    what: "a registry value of 64 bits",
    document: {
      "@timestamp": ISO,
      event: { category: "registry", action: "deletion" },
      host: windowsHost,
      registry: { path: "HKLM\\a", data: { type: "REG_QWORD", strings: "4294967297" } },
    },
    mapping: "ecs",
    sources: ["windows/registry_event/", "windows/registry_delete/"],
    fields: { Details: "QWORD (0x00000001-0x00000001)", EventType: "DeleteKey" },
  },
  {
    what: "a library",
    document: {
      "@timestamp": ISO,
      event: { category: ["library"], type: ["start"] },
      host: windowsHost,
      process: { executable: "C:\\a.exe", pe: { original_file_name: "A.EXE" } },
      dll: { path: "C:\\d.dll", code_signature: { status: "trusted" }, pe: { original_file_name: "D.DLL" } },
    },
    mapping: "ecs",
    sources: ["windows/image_load/"],
    fields: { ImageLoaded: "C:\\d.dll", Image: "C:\\a.exe", SignatureStatus: "Valid", OriginalFileName: "D.DLL" },
  },
  {
    what: "a connection",
    document: {
      "@timestamp": ISO,
      event: { category: ["network"], type: ["connection", "start"] },
      host: windowsHost,
      process: { executable: "C:\\a.exe" },
      network: { direction: "egress" },
      destination: { ip: "192.0.2.1", port: 443 },
    },
    mapping: "ecs",
    sources: ["windows/network_connection/"],
    fields: { Initiated: "true", DestinationIp: "192.0.2.1", DestinationPort: 443 },
  },
  {
    what: "a query by a process",
    document: {
      "@timestamp": ISO,
      event: { category: ["network"] },
      host: windowsHost,
      process: { name: "a.exe" },
      dns: { question: { name: "x.test" }, answers: [{ data: "192.0.2.1" }] },
    },
    mapping: "ecs",
    sources: ["windows/dns_query/"],
    fields: { QueryName: "x.test", QueryResults: "192.0.2.1" },
  },
  {
    what: "a file on macOS",
    document: {
      "@timestamp": ISO,
      event: { category: ["file"], type: ["change"], action: "modification" },
      host: { os: { type: "macos" } },
      file: { path: "/Users/a/x" },
    },
    mapping: "ecs",
    sources: ["macos/file_event/"],
    fields: { TargetFilename: "/Users/a/x" },
  },
  {
    what: "a file deleted",
    document: {
      "@timestamp": ISO,
      event: { category: ["file"], type: ["deletion"] },
      host: windowsHost,
      file: { path: "C:\\x" },
    },
    mapping: "ecs",
    sources: ["windows/file_delete/"],
  },
  {
    what: "Auditbeat",
    document: {
      "@timestamp": ISO,
      event: { module: "auditd", category: ["process"], type: ["start"], action: "executed" },
      host: linuxHost,
      process: { executable: "/usr/bin/chage", args: ["chage", "--list"], name: "chage" },
      auditd: {
        message_type: "syscall",
        data: { syscall: "execve", a0: "55d" },
        paths: [{ name: "/usr/bin/chage", nametype: "NORMAL" }],
      },
      tags: ["exec"],
    },
    mapping: "ecs",
    sources: ["linux//auditd", "linux/process_creation/"],
    fields: { Image: "/usr/bin/chage", CommandLine: "chage --list" },
  },
  {
    what: "an audit record without a program",
    document: {
      "@timestamp": ISO,
      event: { module: "auditd", category: ["host"], action: "changed-login-id" },
      auditd: { message_type: "login", data: { a0: "9" } },
      process: { args: ["x", "y"] },
    },
    mapping: "ecs",
    sources: ["linux//auditd"],
    fields: { type: ["login"], a1: "y", SYSCALL: null },
  },
  {
    what: "auth.log by Filebeat",
    document: {
      "@timestamp": ISO,
      event: { dataset: "system.auth" },
      host: linuxHost,
      process: { name: "sshd" },
      message: "Failed password",
      user: { name: "root" },
      source: { ip: "192.0.2.9" },
    },
    mapping: "ecs",
    sources: ["linux//auth", "linux//sshd"],
    entities: ["address 192.0.2.9", "user root", "host web1"],
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
