import { attack, type Stage } from "./attacker.ts";
import { createClient, type Client } from "./client.ts";
import { createClock } from "./clock.ts";
import { CUSTOMERS } from "./ordinary/customers.ts";
import { shopAround } from "./ordinary/shop-around.ts";
import { drawPayloads } from "./payloads.ts";
import { createRandom } from "./random.ts";
import type { BlockReport, CampaignEvent, CampaignReport, OrdinaryReport, StageReport } from "./report.ts";
import {
  businessAbuse,
  honeytoken,
  privilegeProbing,
  promptInjection,
  serverSideRequests,
  tokenAbuse,
} from "./stages/abuse.ts";
import { commandInjection, crossSiteScripting, pathTraversal, persistence, sqlInjection } from "./stages/injection.ts";
import { bruteForce, credentialStuffing } from "./stages/log-in.ts";
import { reconnaissance } from "./stages/reconnaissance.ts";
import { parseTarget, TargetError } from "./target.ts";

/** Address of the attacker who tries everything. */
export const LOUD_ATTACKER = "127.0.0.66";

/** Address of the attacker who only plays a list of leaked log-ins. */
export const QUIET_ATTACKER = "127.0.0.67";

/** What the loud attacker does, in order. The last stage goes on until the guard ends it. */
export const LOUD_STAGES: readonly Stage[] = [
  reconnaissance,
  sqlInjection,
  crossSiteScripting,
  pathTraversal,
  commandInjection,
  bruteForce,
  privilegeProbing,
  businessAbuse,
  tokenAbuse,
  promptInjection,
  serverSideRequests,
  honeytoken,
  persistence,
];

/** How a campaign is run. */
export interface CampaignOptions {
  /** Where the shop is, e.g. `http://127.0.0.1:7380`; loopback only. */
  readonly target: string;
  /** Default 1. The same seed makes the same choices. */
  readonly seed?: number;
  /** Ends the campaign early. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: CampaignEvent) => void;
  /** Path of a payload file; our own small set when left out. */
  readonly payloads?: string;
  /** Addresses of the loud and of the quiet attacker; {@link LOUD_ATTACKER} and {@link QUIET_ATTACKER} when left out. Loopback only. */
  readonly attackers?: readonly [loud: string, quiet: string];
  /** Seconds until the campaign ends. Default 60, at most 3,600. */
  readonly seconds?: number;
  /** Requests until the campaign ends. Default 20,000. */
  readonly maxRequests?: number;
  /** Real time that a moment of the campaign takes: 1 (default) in a demo, less in a test. `seconds` shrinks with it. */
  readonly pace?: number;
  /** Default true; false leaves only the ordinary customers. */
  readonly attacks?: boolean;
}

const LOUD_AFTER = 4000;
const QUIET_AFTER = 8000;
const PAYLOADS_EACH = 40;

/**
 * Sends ordinary traffic and two attackers to a shop on this machine, each client from an address of its own.
 *
 * @throws TargetError when the target is not on loopback; Error when the payload file cannot be read.
 * @example
 * const report = await runCampaign({ target: "http://127.0.0.1:7380", seconds: 45 });
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const target = parseTarget(options.target);
  const seed = options.seed ?? 1;
  const random = createRandom(seed);
  const payloads = drawPayloads(options.payloads, random.fork("payloads"), PAYLOADS_EACH);
  const clock = createClock(options.pace ?? 1);
  const onEvent = options.onEvent ?? (() => {});
  const budget = options.maxRequests ?? 20_000;

  let endedBy: CampaignReport["endedBy"] = "time";
  const ending = new AbortController();
  const end = (reason: CampaignReport["endedBy"]): void => {
    if (ending.signal.aborted) return;
    endedBy = reason;
    ending.abort();
  };
  const onAbort = (): void => end("signal");
  options.signal?.addEventListener("abort", onAbort);
  if (options.signal?.aborted === true) onAbort();

  let sent = 0;
  const admit = (): boolean => {
    sent += 1;
    if (sent > budget) end("request_limit");
    return sent <= budget;
  };
  const clients: Client[] = [];
  const clientFor = (address: string, userAgent: string): Client => {
    const client = createClient({ target, address, userAgent, signal: ending.signal, admit });
    clients.push(client);
    return client;
  };

  const startedAt = clock.now();
  const stages: StageReport[] = [];
  const blocked: BlockReport[] = [];
  const ordinary: OrdinaryReport = {
    customers: CUSTOMERS.length,
    addresses: [...new Set(CUSTOMERS.map(({ address }) => address))],
    requests: 0,
    asExpected: 0,
    unexpected: 0,
    examples: [],
  };
  onEvent({ kind: "ordinary_started", at: startedAt, customers: CUSTOMERS.length });
  const work = CUSTOMERS.map((customer, index) =>
    shopAround({
      customer,
      client: clientFor(customer.address, customer.userAgent),
      clock,
      random: random.fork(`customer ${index}`),
      signal: ending.signal,
      report: ordinary,
      onUnexpected: (answer) => onEvent({ kind: "unexpected_answer", at: clock.now(), ...answer }),
    }),
  );
  const attackFrom = async (
    address: string,
    after: number,
    plan: readonly Stage[],
    userAgent: string,
  ): Promise<void> => {
    await clock.sleep(after, ending.signal);
    await attack({
      client: clientFor(address, userAgent),
      clock,
      random: random.fork(address),
      payloads,
      signal: ending.signal,
      stages: plan,
      onEvent,
      onStage: (report) => stages.push(report),
      onBlocked: (report) => blocked.push(report),
    });
  };
  const [loud, quiet] = options.attackers ?? [LOUD_ATTACKER, QUIET_ATTACKER];
  for (const address of [loud, quiet])
    if (!/^127\.(\d{1,3}\.){2}\d{1,3}$/.test(address))
      throw new TargetError(`${address} is no loopback address (127.x.y.z) to attack from.`);
  if (options.attacks !== false) {
    work.push(
      attackFrom(
        loud,
        LOUD_AFTER,
        LOUD_STAGES,
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0 Safari/537.36",
      ),
    );
    work.push(attackFrom(quiet, QUIET_AFTER, [credentialStuffing], "python-requests/2.32.5"));
  }
  const seconds = Math.min(options.seconds ?? 60, 3600);
  const timer = clock.sleep(seconds * 1000, ending.signal).then(() => end("time"));
  try {
    await Promise.all(work);
  } finally {
    end("time");
    await timer;
    options.signal?.removeEventListener("abort", onAbort);
    for (const client of clients) client.close();
  }
  return { seed, startedAt, endedAt: clock.now(), stages, blocked, ordinary, endedBy };
}
