import { describe, expect, test } from "vitest";
import { type ScriptedAnswer, startAnsweringServer } from "../elasticsearch/testing/answering-server.ts";
import { doctorCommand } from "./doctor.ts";
import { setupCommand } from "./setup.ts";
import { captureOutput } from "./testing/capture-output.ts";

const COMMANDS = {
  setup: async (url: string, ...more: readonly string[]) => {
    const { output, captured } = captureOutput();
    await setupCommand(output).parseAsync(["elasticsearch", "--url", url, ...more], { from: "user" });
    return captured;
  },
  doctor: async (url: string) => {
    const { output, captured } = captureOutput();
    await doctorCommand(output).parseAsync(["--url", url], { from: "user" });
    return captured;
  },
};

describe.each(["setup", "doctor"] as const)("vedette %s", (name) => {
  const cases: readonly (readonly [string, ScriptedAnswer, RegExp])[] = [
    [
      "OpenSearch",
      { body: { version: { distribution: "opensearch", number: "2.19.0" } }, product: false },
      /^elasticsearch-opensearch: .*OpenTelemetry Collector/,
    ],
    [
      "a version that is too old",
      { body: { cluster_uuid: "u", version: { number: "7.17.0", build_flavor: "default" } } },
      /^elasticsearch-version: .*7\.17\.0.*8\.19/,
    ],
    [
      "a wrong key",
      { status: 401, body: { error: { type: "security_exception", reason: "no" } } },
      /^elasticsearch-un/,
    ],
    [
      "a key that may nothing",
      { status: 403, body: { error: { type: "security_exception", reason: "no" } } },
      /^elasticsearch-forbidden/,
    ],
  ];
  test.each(cases)("refuses %s in one sentence", async (_, answer, complaint) => {
    await using server = await startAnsweringServer(() => answer);
    const { complained, printed, code } = await COMMANDS[name](server.url);
    expect([code, printed, complained[0]]).toEqual([2, [], expect.stringMatching(complaint)]);
  });

  test("says that a cluster cannot be reached", async () => {
    const { complained, code } = await COMMANDS[name]("http://127.0.0.1:19801");
    expect([code, complained[0]]).toEqual([2, expect.stringMatching(/^elasticsearch-unavailable: .*ECONNREFUSED/)]);
  });
});

test("setup refuses to make a key in a dry run", async () => {
  const { complained, code } = await COMMANDS.setup("http://127.0.0.1:19801", "--dry-run", "--create-key");
  expect([code, complained[0]]).toEqual([2, expect.stringContaining("give one of them")]);
});
