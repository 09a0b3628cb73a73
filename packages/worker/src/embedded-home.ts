import { createCorrelator, type Rule } from "@vedette/detection";
import type { LineConfig } from "./detector/line-options.ts";
import type { EventJudge, LineRule } from "./detector/line-rule.ts";
import { createLine } from "./detector/line.ts";
import type { Ports } from "./ports.ts";
import { loadGuardIdentity } from "./responder/guard-identity.ts";
import { createOutbox } from "./responder/outbox.ts";
import { openSqliteStore } from "./store/sqlite/client.ts";
import type { Home } from "./worker-parts.ts";

/** What the embedded home is opened with. */
export interface EmbeddedHomeOptions {
  readonly folder: string;
  readonly lineConfig: Partial<LineConfig>;
  readonly ports: Ports;
  readonly detector: EventJudge;
  readonly rules: readonly (Rule & Pick<LineRule, "trial">)[];
  /** Whether what rules ask for is carried out. */
  readonly responds: boolean;
}

/** Opens the home in one folder of one worker: it judges everything itself. Rejects with a `StoreError`. */
export async function openEmbeddedHome(options: EmbeddedHomeOptions): Promise<Home> {
  const { folder, lineConfig, ports, detector, rules, responds } = options;
  const { log, clock } = ports;
  const store = await openSqliteStore({ folder, log, clock });
  return {
    store,
    guardIdentity: () => loadGuardIdentity(folder, ports.random),
    createAlerting({ notifiers, executors, onEffect, onStep, store: counted }) {
      const outbox = createOutbox({ store: counted, executors, ports, observe: onEffect });
      const line = createLine({
        store: counted,
        detector,
        correlator: ({ lateness }) => createCorrelator(rules, { lateness }),
        rules: responds ? rules : rules.map((rule) => ({ ...rule, extension: { ...rule.extension, response: [] } })),
        ports,
        config: { ...lineConfig, notifiers },
        onEffects: () => outbox.wake(),
        onStep,
      });
      return {
        operations: line.operations,
        status: () => line.status(),
        inForce: () => line.inForce(),
        notify: () => line.notify(),
        sources: () => [],
        problems: () => [],
        parts: [
          { name: "outbox", start: (signal) => outbox.start(signal) },
          { name: "line", start: (signal) => line.start(signal) },
        ],
      };
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
