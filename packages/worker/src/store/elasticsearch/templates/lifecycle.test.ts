import { describe, expect, test } from "vitest";
import type { Retention } from "../retention.ts";
import { templatesOf } from "./definitions.ts";
import { changedPolicies, policiesOf, putPolicy } from "./lifecycle.ts";

const DAY = 86_400_000;
const RETENTION: Retention = {
  events: 30 * DAY,
  findings: 90 * DAY,
  alerts: "forever",
  audit: 365 * DAY,
  deadLetters: 1.5 * DAY,
};
const WITH = { fieldTypes: new Set<never>(), indexLifecycle: true };
const WITHOUT = { ...WITH, indexLifecycle: false };

describe("lifecycle policies", () => {
  test("delete an index a month after the oldest of it is too old, the audit trail never, and do nothing to what is kept forever", () => {
    const policies = policiesOf("p", WITH, RETENTION);
    expect(policies.map(({ name, body: { policy } }) => [name, policy.phases])).toEqual([
      ["p-events", { delete: { min_age: "61d", actions: { delete: {} } } }],
      ["p-findings", { delete: { min_age: "121d", actions: { delete: {} } } }],
      ["p-history", { hot: { min_age: "0ms", actions: {} } }],
      ["p-refused", { delete: { min_age: "33d", actions: { delete: {} } } }],
      ["p-dead-letter", { delete: { min_age: "33d", actions: { delete: {} } } }],
    ]);
    expect(policiesOf("p", WITHOUT, RETENTION)).toEqual([]);
  });

  test("are named by the templates of their kinds, and by none for indices without a month", () => {
    const settings = (capabilities: typeof WITH) =>
      templatesOf("p", capabilities, { retention: RETENTION }).flatMap(({ body }) =>
        body.index_patterns.map((pattern) => [pattern, body.priority, body.template?.settings.lifecycle] as const),
      );
    const managed = settings(WITH).filter(([, , lifecycle]) => lifecycle !== undefined);
    expect(managed).toEqual(
      ["findings", "events", "history", "refused", "dead-letter"].map((kind) => [
        `p-${kind}-*`,
        500,
        { name: `p-${kind}` },
      ]),
    );
    expect(settings(WITH)).toContainEqual(["p-findings-undated", 505, undefined]);
    expect(settings(WITH)).toContainEqual(["p-events-before", 505, undefined]);
    expect(settings(WITHOUT).some(([, , lifecycle]) => lifecycle !== undefined)).toBe(false);
    expect(settings(WITHOUT).some(([pattern]) => pattern.endsWith("-undated"))).toBe(false);
  });

  test("are put in the documented form, when they are not there or say something else", async () => {
    const [events, findings] = policiesOf("p", WITH, RETENTION);
    if (events === undefined || findings === undefined) throw new Error("no policies");
    const asked: unknown[] = [];
    const stored = (age: string) => ({ version: 1, policy: { phases: { delete: { min_age: age, actions: {} } } } });
    const client = {
      ilm: {
        getLifecycle: async (request: object) => {
          asked.push(request);
          return { "p-events": stored("61d"), "p-findings": stored("60d") };
        },
        putLifecycle: async (request: object) => void asked.push(request),
      },
    };
    const cluster = { client } as never;
    expect(await changedPolicies(cluster, "p", [events, findings])).toEqual([findings]);
    await putPolicy(cluster, findings);
    expect(asked).toEqual([
      { name: "p-*" },
      {
        name: "p-findings",
        policy: {
          _meta: { vedette: { version: expect.any(Number) as unknown, kind: "findings" } },
          phases: { delete: { min_age: "121d", actions: { delete: {} } } },
        },
      },
    ]);
  });
});
