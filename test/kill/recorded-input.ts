import { loadRules, type RuleExample } from "../../packages/detection/src/index.ts";
import { builtinRulesFolder, readRuleFiles } from "../../packages/worker/src/rules/load.ts";

const EVENTS_PER_REQUEST = 60;
/** Milliseconds between the beginnings of two rounds of attacks. */
const ROUND = 30_000;

type AttributeValue = string | number | boolean | readonly AttributeValue[];

interface TimedEvent {
  readonly time: number;
  readonly name: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/**
 * Bodies of OTLP/HTTP JSON requests in the order in which they are sent: round after round, each attack that the rules' own examples show, from
 * addresses and accounts of that round, among ordinary log-ins.
 * @param end event time of the last record, Unix milliseconds
 */
export function recordedInput(rounds: number, end: number): string[] {
  const examples = positiveExamples();
  const events: TimedEvent[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = round * ROUND;
    for (const [index, example] of examples.entries())
      events.push(...attack(example, round, index, begin + index * 500.25));
    for (let visitor = 0; visitor < examples.length * 4; visitor += 1)
      events.push(ordinary(round, visitor, begin + visitor * 311));
  }
  events.sort((a, b) => a.time - b.time);
  const start = end - (events.at(-1)?.time ?? 0);
  const requests: string[] = [];
  for (let from = 0; from < events.length; from += EVENTS_PER_REQUEST)
    requests.push(request(events.slice(from, from + EVENTS_PER_REQUEST), start));
  return requests;
}

function positiveExamples(): RuleExample[] {
  const { rules } = loadRules(readRuleFiles([builtinRulesFolder()]).files);
  return rules.flatMap(({ extension }) => extension.examples).filter(({ kind }) => kind === "positive");
}

const address = (round: number, host: number): string => `198.18.${round}.${host + 1}`;

function attack(example: RuleExample, round: number, index: number, begin: number): TimedEvent[] {
  return example.events.map(({ at, document }) => {
    const { event_name: name = "", attributes = {} } = document as {
      event_name?: string;
      attributes?: TimedEvent["attributes"];
    };
    const user = attributes["user.name"];
    return {
      time: begin + at,
      name,
      attributes: {
        ...attributes,
        ...("client.address" in attributes ? { "client.address": address(round, index) } : {}),
        ...(typeof user === "string" ? { "user.name": `${user}-${round}-${index}` } : {}),
      },
    };
  });
}

const ordinary = (round: number, visitor: number, time: number): TimedEvent => ({
  time,
  name: "vedette.authentication",
  attributes: {
    "client.address": `198.19.${round}.${(visitor % 250) + 1}`,
    "user.name": `customer-${visitor}`,
    "vedette.auth.method": "password",
    "event.outcome": "success",
  },
});

function request(events: readonly TimedEvent[], start: number): string {
  return JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: keyValues({ "service.name": "shop" }) },
        scopeLogs: [
          {
            scope: { name: "recorded" },
            logRecords: events.map(({ time, name, attributes }) => ({
              timeUnixNano: String(BigInt(Math.round((start + time) * 1_000)) * 1_000n),
              eventName: name,
              body: { stringValue: name },
              attributes: keyValues(attributes),
            })),
          },
        ],
      },
    ],
  });
}

const keyValues = (attributes: Readonly<Record<string, AttributeValue>>) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

function anyValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(anyValue) } };
}
