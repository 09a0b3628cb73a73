import { describe, expect, it } from "vitest";
import { readCommand } from "./command-line.ts";

describe("readCommand", () => {
  it.each([
    ["the defaults", [], {}, { host: "127.0.0.1", port: 7380, database: ":memory:", help: false }],
    ["the environment's port", [], { PORT: "0" }, { port: 0 }],
    [
      "options before the environment",
      ["--port", "1234", "--host", "127.0.0.2", "--database", "shop.db"],
      { PORT: "0" },
      { host: "127.0.0.2", port: 1234, database: "shop.db" },
    ],
    ["help", ["--help"], {}, { help: true }],
  ])("reads %s", (_name, args, environment, expected) => {
    expect(readCommand(args, environment)).toMatchObject(expected);
  });

  it.each([
    [["--port", "x"], 'The port "x"'],
    [["--port", "70000"], 'The port "70000"'],
    [["--prot", "1"], "--prot"],
  ])("refuses %j", (args, message) => {
    expect(() => readCommand(args, {})).toThrow(message);
  });
});
