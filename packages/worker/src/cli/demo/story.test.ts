import type { Alert, DenyListEntry, Incident } from "@vedette/api";
import { expect, test } from "vitest";
import { createStory } from "./story.ts";

const ESCAPE = "\u001b[2J\u0007";

const alert = (id: string, address: string, title: string): Alert =>
  ({
    id,
    title,
    severity: "high",
    rule: { id: `rule-${title}`, title, level: "high", revision: "1" },
    suppressionKey: address,
    entities: [{ kind: "address", value: address }],
  }) as unknown as Alert;

function tellStory() {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const story = createStory({
    now: () => 0,
    write: (line) => lines.push(line),
    later: (_, callback) => waiting.push(callback),
  });
  return { story, lines, pass: () => waiting.splice(0).forEach((callback) => callback()) };
}

test("tells a burst of alerts of one address in one line, and each rule once", () => {
  const { story, lines, pass } = tellStory();
  story.alerted(alert("1", "127.0.0.66", "Injection"));
  story.alerted(alert("2", "127.0.0.66", "Scanner"));
  story.alerted(alert("1", "127.0.0.66", "Injection"));
  expect(lines).toEqual([]);
  pass();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/127\.0\.0\.66: .*Injection.*Scanner/);
});

test("tells an incident only when it joins alerts, and once", () => {
  const { story, lines } = tellStory();
  const incident = { id: "i", title: "many", severity: "high", alertIds: ["1"] } as unknown as Incident;
  story.incident(incident);
  expect(lines).toEqual([]);
  story.incident({ ...incident, alertIds: ["1", "2"] });
  story.incident({ ...incident, alertIds: ["1", "2", "3"] });
  expect(lines).toHaveLength(1);
});

test("lets nothing that an attacker chose move the terminal", () => {
  const { story, lines, pass } = tellStory();
  story.alerted(alert("1", `1.2.3.4${ESCAPE}`, `title${ESCAPE}`));
  story.incident({ id: "i", title: `evil${ESCAPE}`, severity: "high", alertIds: ["1", "2"] } as unknown as Incident);
  story.blocked({ id: "d", address: `a${ESCAPE}`, reason: `r${ESCAPE}`, expiresAt: 0 } as unknown as DenyListEntry);
  pass();
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).toContain("\\u001b[2J\\u0007");
    expect(line).not.toContain("\u0007");
  }
});
