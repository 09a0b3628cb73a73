import { indicatorsInProcess } from "./in-process.ts";
import { QualityTallies, type QualityRow } from "./inspection.ts";
import { ATTACK_OF_ANOTHER } from "./figures.ts";
import { labelledRequests, type LabelledRequest } from "./labelled-data.ts";
import { sendAll } from "./over-the-wire.ts";

/** Every second request of each file, to develop on one half and look at the other. */
export type Half = "even" | "odd";

/** The labelled requests, those of the rule set's tests that contradict each other under a label of their own. */
export function requestsOf(folder: string, half?: Half): readonly LabelledRequest[] {
  const all = [...labelledRequests(folder)].filter(
    (_request, index) => half === undefined || (index % 2 === 0) === (half === "even"),
  );
  const mustMatch = new Set(all.filter(({ label }) => label === "must_match").map(sentOf));
  return all.map((request) =>
    request.label === "must_not_match" && mustMatch.has(sentOf(request))
      ? { ...request, label: ATTACK_OF_ANOTHER, attack: true }
      : request,
  );
}

/** What matters of a request of the rule set's tests: without the headers that say nothing. */
function sentOf({ method, target, headers, body }: LabelledRequest): string {
  const telling = headers.filter(
    ([name, value]) => !/^(?:user-agent|accept|host)$/i.test(name) || !/CRS test|localhost|\*\/\*/.test(value),
  );
  return JSON.stringify([method, target, telling, body]);
}

/** Measures by real requests to a real application. */
export async function measureOverTheWire(folder: string, half?: Half): Promise<readonly QualityRow[]> {
  const requests = requestsOf(folder, half);
  const seen = await sendAll(requests);
  const tallies = new QualityTallies();
  for (const [index, request] of requests.entries()) tallies.count(request, seen[index]);
  return tallies.rows();
}

/** Measures without a server, in seconds. */
export function measureInProcess(folder: string, half?: Half): readonly QualityRow[] {
  const tallies = new QualityTallies();
  for (const request of requestsOf(folder, half)) tallies.count(request, indicatorsInProcess(request));
  return tallies.rows();
}
