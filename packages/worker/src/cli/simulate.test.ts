import { describe, expect, test } from "vitest";
import { simulateCommand } from "./simulate.ts";
import { captureOutput } from "./testing/capture-output.ts";

async function run(...parameters: string[]) {
  const { output, captured } = captureOutput();
  const command = simulateCommand(output);
  for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync(["faults", ...parameters], { from: "user" });
  return captured;
}

describe("vedette simulate faults", () => {
  test("says what was run, what went wrong on purpose, and that nothing else did", async () => {
    const { printed, complained, code } = await run("--seeds", "7..7");
    expect({ complained, code }).toEqual({ complained: [], code: 0 });
    expect(printed[0]).toBe("seeds run: 1");
    expect(printed).toContainEqual(expect.stringMatching(/^ {2}crash: \d+$/u));
    expect(printed).toContainEqual(expect.stringMatching(/^crash points reached: \d+ of \d+$/u));
    expect(printed.at(-1)).toBe("violations: none");
  });

  test("names the seed of a violation, and ends with exit code 1", async () => {
    const { printed, complained, code } = await run("--seeds", "2..3", "--planted", "checkpoint-first");
    expect(code).toBe(1);
    expect(complained[0]).toMatch(
      /^seed (\d+): \d+ violations \(again: vedette simulate faults --seeds \1\.\.\1 --planted checkpoint-first\)$/u,
    );
    expect(printed.at(-1)).toMatch(/^violations: in \d+ of 2 seeds$/u);
  });

  test.each(["5", "5..1", "a..b", "1..2..3"])("refuses the range %s", async (range) => {
    await expect(run("--seeds", range)).rejects.toMatchObject({ code: "commander.invalidArgument" });
  });
});
