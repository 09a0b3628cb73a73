import { describe, expect, it } from "vitest";
import { createLog } from "./log.ts";

function logLines(
  secrets: readonly string[],
  write: (log: ReturnType<typeof createLog>) => void,
): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog({ level: "info", secrets, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("createLog", () => {
  it("writes one JSON object a line with time, level, fields and message", () => {
    const lines = logLines([], (log) => {
      log.debug({}, "not at this level");
      log.warn({ peer: "a" }, "slow");
    });
    expect(lines).toEqual([{ level: "warn", time: expect.stringMatching(/^\d{4}-.*Z$/), peer: "a", msg: "slow" }]);
  });

  it.each([
    ["at the top", { token: "t0p" }],
    ["in headers", { headers: { authorization: "Bearer x", "set-cookie": "a=b" } }],
    ["in a request's headers", { request: { headers: { cookie: "vedette_session=x" } } }],
  ])("redacts secret fields %s", (_, fields) => {
    const text = JSON.stringify(logLines([], (log) => log.info(fields, "x")));
    expect(text).toContain("[redacted]");
    expect(text).not.toMatch(/t0p|Bearer|a=b|vedette_session/);
  });

  it("redacts known secrets by value, in messages and in errors", () => {
    const secret = 'p"ss\\word-123';
    const [line] = logLines([secret], (log) => log.error({ error: new Error(`refused ${secret}`) }, `with ${secret}`));
    expect(JSON.stringify(line)).not.toContain("word-123");
    expect(line?.["msg"]).toBe("with [redacted]");
    expect(line).toHaveProperty("error.stack");
  });
});
