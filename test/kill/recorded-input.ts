import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";

const RULES = resolve(import.meta.dirname, "../../packages/detection-rules/rules");
const EVENTS_PER_REQUEST = 60;
/** Milliseconds between the beginnings of two rounds of attacks. */
const ROUND = 30_000;

type AttributeValue = string | number | boolean | readonly AttributeValue[];

interface ExampleEvent {
  readonly at: string;
  readonly event_name?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

interface Example {
  readonly name: string;
  readonly kind: string;
  readonly events: readonly ExampleEvent[];
}

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

function positiveExamples(): Example[] {
  return globSync("**/*.yml", { cwd: RULES })
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(join(RULES, file), "utf8")))
    .flatMap((document) => (document.toJS() as { vedette?: { examples?: Example[] } }).vedette?.examples ?? [])
    .filter(({ kind }) => kind === "positive");
}

const address = (round: number, host: number): string => `198.18.${round}.${host + 1}`;

function attack(example: Example, round: number, index: number, begin: number): TimedEvent[] {
  return example.events.map(({ at, event_name, attributes = {} }) => ({
    time: begin + milliseconds(at),
    name: event_name ?? "",
    attributes: {
      ...attributes,
      ...("client.address" in attributes ? { "client.address": address(round, index) } : {}),
      ...("user.name" in attributes ? { "user.name": `${String(attributes["user.name"])}-${round}-${index}` } : {}),
    },
  }));
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

function milliseconds(offset: string): number {
  const [, number = "0", unit = "s"] = /^([\d.]+)(ms|s|m|h)$/.exec(offset) ?? [];
  return Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as "ms" | "s" | "m" | "h"];
}

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
