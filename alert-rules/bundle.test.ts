import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const here = import.meta.dirname;
const yamlFiles = (folder: string) => readdirSync(join(here, folder)).filter((file) => file.endsWith(".yml"));

interface AlertRule {
  alert: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
const alerts = yamlFiles("rules").flatMap((file) => {
  const { groups } = parse(readFileSync(join(here, "rules", file), "utf8")) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
});

describe.each(alerts.map((alert) => [alert.alert, alert] as const))("%s", (name, alert) => {
  test("has a severity, a kind, a summary and a description", () => {
    expect(alert.labels["severity"]).toMatch(/^(low|medium|high|critical)$/);
    expect(alert.labels["kind"]).toMatch(/^(security|performance|resource|compliance)$/);
    expect(alert.annotations["summary"]).toBeTruthy();
    expect(alert.annotations["description"]).toBeTruthy();
  });
  test("has a runbook of its name", () => {
    expect(alert.annotations["runbook"]).toBe(`runbooks/${name}.md`);
    expect(readFileSync(join(here, "runbooks", `${name}.md`), "utf8")).toMatch(new RegExp(`^# ${name}\n`));
  });
  test("is fired in a promtool test", () => {
    const tests = yamlFiles("tests").map(
      (file) => parse(readFileSync(join(here, "tests", file), "utf8")) as PromtoolTests,
    );
    const fired = tests
      .flatMap((file) => file.tests.flatMap((one) => one.alert_rule_test))
      .filter((one) => one.exp_alerts.length > 0);
    expect(fired.map((one) => one.alertname)).toContain(name);
  });
});

interface PromtoolTests {
  tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
}

test("each runbook belongs to an alert", () => {
  const names = alerts.map(({ alert }) => `${alert}.md`);
  for (const file of readdirSync(join(here, "runbooks"))) expect(names).toContain(file);
});

const found = (program: string) =>
  (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));
const required = process.env["VEDETTE_TEST_REQUIRE"] === "all";
const withProgram = (program: string) => test.skipIf(!found(program) && !required);
const run = (program: string, args: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: here, encoding: "utf8" });
  expect(status, `${stdout}${stderr}`).toBe(0);
};

withProgram("promtool")("the rules are valid (needs promtool)", () => {
  run("promtool", ["check", "rules", ...yamlFiles("rules").map((file) => `rules/${file}`)]);
});
withProgram("promtool")("the rules fire when they should and only then (needs promtool)", () => {
  run("promtool", ["test", "rules", ...yamlFiles("tests").map((file) => `tests/${file}`)]);
});
withProgram("amtool")("the routing tree is valid (needs amtool)", () => {
  run("amtool", ["check-config", "alertmanager/route.yml"]);
});
withProgram("amtool").each([
  [["alertname=SuspiciousRequestsHigh", "kind=security", "severity=high"], "security"],
  [["alertname=VedetteWorkerDown", "kind=resource", "severity=critical"], "platform"],
  [["alertname=RateLimitHitOften", "kind=performance", "severity=low"], "team"],
])("%s goes to %s (needs amtool)", (labels, receiver) => {
  run("amtool", [
    "config",
    "routes",
    "test",
    "--config.file=alertmanager/route.yml",
    `--verify.receivers=${receiver}`,
    ...labels,
  ]);
});
