import {
  createCorrelator,
  createDetector,
  loadRules,
  type Entity,
  type Episode,
  type JsonObject,
} from "@vedette/detection";
import { afterEach, beforeEach, expect, test } from "vitest";
import { setProcessPrivacy } from "../packages/instrumentation/src/privacy.ts";
import { createSecurity, type Security } from "../packages/instrumentation/src/security.ts";
import { createTestTelemetry, type TestTelemetry } from "../packages/instrumentation/src/testing/telemetry.ts";
import { builtinRulesFolder, readRuleFiles } from "../packages/worker/src/rules/load.ts";

const OLD = "the key that was";
const NEW = "the key that comes";
const START = Date.UTC(2026, 10, 21);

let telemetry: TestTelemetry;
let security: Security;
let now: number;

beforeEach(() => {
  now = START;
  telemetry = createTestTelemetry({ now: () => now });
  security = createSecurity(telemetry.reporter);
});

afterEach(() => telemetry.end());

/** Does something as a service with these keys would, a second later. */
function as(keys: readonly string[], what: () => void): void {
  setProcessPrivacy({ hashKeys: keys, clearUsers: false, truncateAddresses: false });
  now += 1000;
  what();
}

const guess = (): void =>
  security.authentication({ outcome: "failure", userName: "ada", failureReason: "bad_password" });
const logIn = (): void => security.authentication({ outcome: "success", userName: "ada", userId: "7" });
const probe = (): void => security.authorization({ action: "admin.view", denied: true, userId: "7" });
const times = (count: number, what: () => void): void => {
  for (let index = 0; index < count; index++) what();
};

/** What the built-in rules alert on. */
function alerts(): readonly Pick<Episode, "rule" | "entities">[] {
  const { rules } = loadRules(readRuleFiles([builtinRulesFolder()]).files);
  const detector = createDetector(rules);
  const correlator = createCorrelator(rules, { lateness: 3_600_000 });
  const found: Pick<Episode, "rule" | "entities">[] = [];
  for (const record of telemetry.events()) {
    const document = { event_name: record.eventName ?? "", attributes: record.attributes as JsonObject };
    const { facts } = detector.judge({
      id: String(record.attributes["log.record.uid"]),
      time: record.hrTime[0] * 1000,
      document,
    });
    for (const fact of facts) {
      if (fact.alerts) found.push(fact);
      correlator.observe(fact);
    }
  }
  correlator.advance(Number.MAX_SAFE_INTEGER);
  for (const episode of correlator.takeChanges().episodes)
    if (episode.alerts && episode.mergedInto === undefined) found.push(episode);
  return found;
}

const titles = (): readonly string[] =>
  alerts()
    .map(({ rule }) => rule.title)
    .toSorted();

/** Whether everything found is one thing, by the entities that it shares: what makes an incident of it. */
function isOneStory(found: readonly { readonly entities: readonly Entity[] }[]): boolean {
  const key = ({ kind, value }: Entity): string => `${kind} ${value}`;
  const [first, ...others] = found;
  const known = new Set(first?.entities.map(key));
  let left = others;
  for (let before = -1; before !== left.length;) {
    before = left.length;
    left = left.filter(({ entities }) => {
      if (!entities.some((entity) => known.has(key(entity)))) return true;
      for (const entity of entities) known.add(key(entity));
      return false;
    });
  }
  return left.length === 0;
}

test("services that have the new key already and services that have not are counted together", () => {
  times(4, () => {
    as([OLD], guess);
    as([NEW, OLD], guess);
  });
  expect(titles()).toEqual(["Password guessing against one account"]);
});

test("a service that gets the new key in the middle of an attack goes on with the count", () => {
  times(4, () => as([OLD], guess));
  times(4, () => as([NEW, OLD], guess));
  expect(titles()).toEqual(["Password guessing against one account"]);
});

test("what a user did before, while and after keys are changed is one story", () => {
  times(8, () => as([OLD], guess));
  as([NEW, OLD], logIn);
  times(5, () => as([NEW, OLD], probe));
  now += 3_600_000;
  times(5, () => as([NEW], probe));
  const found = alerts();
  expect(found.map(({ rule }) => rule.title).toSorted()).toEqual([
    "A user probes for rights",
    "A user probes for rights",
    "Log-in succeeds after guessing",
    "Password guessing against one account",
  ]);
  expect(isOneStory(found)).toBe(true);
});

test("without an overlap it is two, so that the overlap is what joins", () => {
  times(8, () => as([OLD], guess));
  times(5, () => as([NEW], probe));
  expect(isOneStory(alerts())).toBe(false);
});
