import { describe, test } from "vitest";
import { AT, ISO, type Shape, expectShape } from "../testing/shape.ts";

const SHAPES: readonly Shape[] = [
  {
    what: "an audit record",
    document: { type: "EXECVE", msg: "audit(1767323045.000:7)", argc: "2", a0: "chage", a1: "-l" },
    mapping: "auditd",
    sources: ["linux//auditd", "linux/process_creation/"],
    fields: { CommandLine: "chage -l" },
    time: AT,
  },
  {
    what: "a system call",
    document: {
      type: "SYSCALL",
      msg: "audit(1767323045.000:7)",
      SYSCALL: "personality",
      a0: "40000",
      exe: "/bin/a",
      key: "k",
    },
    mapping: "auditd",
    sources: ["linux//auditd"],
    fields: { SYSCALL: "personality", a0: "40000", exe: "/bin/a", key: "k", type: "SYSCALL" },
  },
  {
    what: "Laurel",
    document: {
      ID: "1767323045.000:7",
      NODE: "web1",
      SYSCALL: {
        SYSCALL: "execve",
        exe: "/usr/bin/chage",
        comm: "chage",
        key: "e",
        uid: 33,
        UID: "www-data",
        a0: "0x55",
      },
      EXECVE: { argc: 2, ARGV: ["chage", "--list"] },
      PATH: [{ name: "/usr/bin/chage", nametype: "NORMAL" }],
      CWD: { cwd: "/tmp" },
      PARENT_INFO: { exe: "/bin/sh" },
    },
    mapping: "auditd",
    sources: ["linux//auditd", "linux/process_creation/"],
    fields: {
      Image: "/usr/bin/chage",
      CommandLine: "chage --list",
      ParentImage: "/bin/sh",
      User: "www-data",
      CurrentDirectory: "/tmp",
      a0: "chage",
      a1: "--list",
      name: "/usr/bin/chage",
      type: ["SYSCALL", "EXECVE", "PATH", "CWD", "PARENT_INFO"],
    },
    time: AT,
    entities: ["user www-data", "host web1"],
  },
  {
    what: "go-libaudit",
    document: {
      "@timestamp": ISO,
      sequence: 7,
      category: "audit-rule",
      record_type: "syscall",
      summary: {},
      process: { exe: "/bin/a", name: "a" },
      data: { syscall: "mount", a1: "7f" },
      paths: [{ name: "/run" }],
      user: { ids: { euid: "0" } },
    },
    mapping: "auditd",
    sources: ["linux//auditd"],
    fields: {
      type: ["SYSCALL", "PATH"],
      exe: "/bin/a",
      comm: "a",
      name: "/run",
      SYSCALL: "mount",
      a1: "7f",
      euid: "0",
    },
    time: AT,
  },
];

describe("audit events are read from", () => {
  test.each(SHAPES.map((shape) => [shape.what, shape] as const))("%s", (_what, shape) => {
    expectShape(shape);
  });
});
