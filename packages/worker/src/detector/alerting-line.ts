import type { DenyListEntry } from "@vedette/api";
import { createOutbox } from "../responder/outbox.ts";
import type { Operations } from "../responder/operations.ts";
import { type CommandBoard, createRemoteOperations, serveCommands } from "../responder/remote-operations.ts";
import type { Ports } from "../ports.ts";
import type { ElasticsearchStore } from "../store/elasticsearch/open-elasticsearch-store.ts";
import type { AlertingOptions } from "../worker-parts.ts";
import type { CursorInbox } from "./findings/cursor-inbox.ts";
import type { ShardStanding } from "./findings/source-progress.ts";
import { withCursorInbox } from "./findings/with-cursor-inbox.ts";
import type { LineConfig, LineCounters, LineStatus } from "./line-options.ts";
import { type LineRule, noCorrelation } from "./line-rule.ts";
import { createLine, type Line } from "./line.ts";

/** What the line of alerts is made of where any worker of several can be the one that runs it. */
export interface AlertingLineOptions extends AlertingOptions {
  readonly memory: ElasticsearchStore;
  /** How workers pass on what people decide. */
  readonly board: CommandBoard;
  readonly openInbox: () => CursorInbox;
  readonly rules: readonly LineRule[];
  readonly config: Partial<LineConfig>;
  readonly ports: Ports;
  /** How the shards of the sources stand, as read last. */
  readonly standings: () => readonly ShardStanding[];
}

/** The line of alerts as one worker has it: run here while this worker owns it, asked from afar otherwise. */
export interface AlertingLine {
  readonly operations: Operations;
  status(): LineStatus;
  inForce(): readonly DenyListEntry[];
  notify(): void;
  /** Which time it is that the line runs in this worker; undefined while it does not. */
  tenure(): number | undefined;
  /** Operations of the stream of findings that it has not taken; undefined while it does not run here. */
  unread(): Promise<number | undefined>;
  /** Runs the line, its effects and what other workers were asked for until the signal aborts. */
  work(signal: AbortSignal): Promise<void>;
}

/** Makes the line of alerts; it runs when `work` is called. */
export function createAlertingLine(options: AlertingLineOptions): AlertingLine {
  const { memory, board, openInbox, rules, config, ports, executors, onEffect, onStep } = options;
  const remote = createRemoteOperations({ board, ports });
  let line: Line | undefined;
  let reading: CursorInbox | undefined;
  let tenures = 0;
  /** As long as this worker does not run the line, that of one which never ran. */
  let idle: LineStatus | undefined;

  const makeLine = (inbox: CursorInbox, onEffects: () => void): Line =>
    createLine({
      store: withCursorInbox(memory, inbox),
      detector: { judge: () => ({ logSources: [], facts: [] }) },
      correlator: noCorrelation,
      rules,
      ports,
      config,
      onEffects,
      onStep,
    });

  const byWhoever =
    <Name extends keyof Operations>(name: Name) =>
    (...given: Parameters<Operations[Name]>): ReturnType<Operations[Name]> =>
      ((line?.operations ?? remote)[name] as (...all: unknown[]) => ReturnType<Operations[Name]>)(...given);

  return {
    operations: {
      changeAlert: byWhoever("changeAlert"),
      changeIncident: byWhoever("changeIncident"),
      denyAddress: byWhoever("denyAddress"),
      undoDeny: byWhoever("undoDeny"),
    },
    status() {
      idle ??= { ...makeLine(openInbox(), () => {}).status(), recovered: true };
      const status = line?.status() ?? idle;
      return { ...status, counters: withJudged(status.counters, options.standings()) };
    },
    inForce: () => line?.inForce() ?? [],
    notify: () => line?.notify(),
    tenure: () => (line === undefined ? undefined : tenures),
    async unread() {
      if (line === undefined || reading === undefined) return undefined;
      const { recovered, cursor } = line.status();
      return recovered ? Math.max(0, (await reading.inboxEnd()) - cursor) : undefined;
    },
    async work(signal) {
      await using inbox = openInbox();
      const outbox = createOutbox({ store: memory, executors, ports, observe: onEffect });
      const made = makeLine(inbox, () => outbox.wake());
      line = made;
      reading = inbox;
      tenures += 1;
      try {
        await Promise.all([
          made.start(signal),
          outbox.start(signal),
          serveCommands({ board, ports }, made.operations, signal),
        ]);
      } finally {
        line = undefined;
        reading = undefined;
      }
    },
  };
}

/** What was judged, over all shards that there are: the line counts only what it makes of it. */
function withJudged(counters: LineCounters, standings: readonly ShardStanding[]): LineCounters {
  const sum = (name: string): number =>
    standings.reduce((all, { progress }) => all + (progress?.counters[name] ?? 0), 0);
  return {
    ...counters,
    judged: sum("judged") + sum("early"),
    unmatched: sum("unmatched"),
    quarantined: sum("quarantined"),
    failed: counters.failed + sum("failed"),
    excepted: sum("excepted"),
  };
}
