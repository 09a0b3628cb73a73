import type { Answer, Client, Outgoing } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { Payloads } from "./payloads.ts";
import type { Random } from "./random.ts";
import type { BlockReport, CampaignEvent, StageReport } from "./report.ts";

/** What a stage works with. */
export interface Attacker {
  readonly random: Random;
  readonly payloads: Payloads;
  send(request: Outgoing): Promise<Answer>;
  /** Waits for some of the campaign's milliseconds. */
  pause(milliseconds: number): Promise<void>;
  /** True when the stage should stop: blocked, or the campaign is over. */
  stopped(): boolean;
  forgetCookie(): void;
}

/** One kind of attack. */
export interface Stage {
  readonly name: string;
  run(attacker: Attacker): Promise<void>;
}

/** What an attacker is made of. */
export interface AttackOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly payloads: Payloads;
  readonly signal: AbortSignal;
  readonly stages: readonly Stage[];
  readonly onEvent: (event: CampaignEvent) => void;
  readonly onStage: (report: StageReport) => void;
  readonly onBlocked: (report: BlockReport) => void;
}

const KNOCK_EVERY = 3000;

/** Runs one attacker's stages in order, the last one again and again, until the guard blocks it; then it knocks now and then until the end. */
export async function attack(options: AttackOptions): Promise<void> {
  const { client, clock, random, payloads, signal, stages, onEvent, onStage, onBlocked } = options;
  let blocked = false;
  let sent = 0;
  let report: StageReport | undefined;

  async function transmit(request: Outgoing): Promise<Answer> {
    const answer = await client.send(request);
    sent += 1;
    if (report !== undefined) {
      report.requests += 1;
      report.answers[answer.status] = (report.answers[answer.status] ?? 0) + 1;
    }
    return answer;
  }

  const attacker: Attacker = {
    random,
    payloads,
    async send(request) {
      if (attacker.stopped()) return { status: 0, body: "" };
      const answer = await transmit(request);
      // The application has its own 403s; its front page is never one of them.
      if (answer.status === 403 && (await transmit({ path: "/" })).status === 403) {
        blocked = true;
        const block = { attacker: client.address, at: clock.now(), stage: report?.stage ?? "", requestsBefore: sent };
        onBlocked(block);
        onEvent({ kind: "blocked", ...block });
      }
      return answer;
    },
    pause: (milliseconds) => clock.sleep(milliseconds, signal),
    stopped: () => blocked || signal.aborted,
    forgetCookie: () => client.forgetCookie(),
  };

  function begin(stage: string): void {
    report = { attacker: client.address, stage, startedAt: clock.now(), requests: 0, answers: {} };
    onStage(report);
    onEvent({ kind: "stage_started", at: report.startedAt, attacker: client.address, stage });
  }

  for (let index = 0; index < stages.length && !attacker.stopped(); index++) {
    const stage = stages[index];
    if (stage === undefined) break;
    begin(stage.name);
    await stage.run(attacker);
    while (index === stages.length - 1 && !attacker.stopped()) await stage.run(attacker);
    onEvent({
      kind: "stage_finished",
      at: clock.now(),
      attacker: client.address,
      stage: stage.name,
      requests: report?.requests ?? 0,
    });
  }
  if (!blocked || signal.aborted) return;
  begin("knocking while blocked");
  while (!signal.aborted) {
    await transmit({ path: "/products?q=mug" });
    await clock.sleep(KNOCK_EVERY, signal);
  }
}
