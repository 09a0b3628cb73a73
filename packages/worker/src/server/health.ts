import type { Status } from "@vedette/api";
import type { FastifyInstance } from "fastify";
import type { Clock } from "../ports.ts";
import type { GuardHub } from "../responder/guard-hub.ts";
import type { Store } from "../store/store.ts";
import type { Access } from "./access.ts";
import type { Metrics } from "./metrics.ts";
import { RequestProblem } from "./problem.ts";

/** What health, readiness and metrics are read from. */
export interface HealthOptions {
  readonly store: Pick<Store, "counts" | "pendingEffects">;
  readonly status: () => Promise<Status>;
  readonly metrics: Metrics;
  readonly guardHub: Pick<GuardHub, "clients" | "decisions">;
  readonly clock: Clock;
  readonly access: Access;
  /** Whether this worker tells what is of all workers of a cluster; by default it is the only one. */
  readonly tellsOfAll?: (() => boolean) | undefined;
  /** Renders what came in by OTLP in Prometheus' text format. */
  readonly receivedMetrics: () => string;
}

/** Why the worker is not ready, nothing when it is. The store is asked, so that a broken one shows here first. */
async function reasonsNotReady({ store, status }: HealthOptions): Promise<readonly string[]> {
  try {
    const [{ ready, problems }] = [await status(), await store.counts()];
    if (ready) return [];
    return problems.length > 0 ? problems : ["The worker is starting."];
  } catch (error) {
    return [`The store does not answer: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Sets the gauges that are read rather than counted. What cannot be read keeps its last value; readiness says so. */
async function refreshGauges(options: HealthOptions): Promise<void> {
  const { store, status, metrics, guardHub, clock } = options;
  metrics.guardClients.set(guardHub.clients());
  metrics.denyListEntries.set(guardHub.decisions());
  try {
    const [now, counts, effects] = [await status(), await store.counts(), await store.pendingEffects()];
    // Told by each of several workers with one memory, sums over them would count everything several times.
    const share = options.tellsOfAll?.() === false ? 0 : 1;
    for (const [severity, count] of Object.entries(counts.alertsOpen))
      metrics.alertsOpen.set({ severity }, count * share);
    metrics.incidentsOpen.set(counts.incidentsOpen * share);
    metrics.effectsPending.set(effects * share);
    metrics.inboxPending.set(now.inboxPending * share);
    metrics.rulesLoaded.set(now.rules.loaded);
    metrics.rulesRefused.set(now.rules.refused);
    if (share === 0) metrics.watermarkLag.set(0);
    else if (now.watermark !== undefined) metrics.watermarkLag.set((clock.now() - now.watermark) / 1000);
    metrics.up.set(now.ready ? 1 : 0);
  } catch {
    metrics.up.set(0);
  }
}

/** Registers `/healthz`, `/readyz`, `/metrics` and `/metrics/received`. */
export function registerHealth(app: FastifyInstance, options: HealthOptions): void {
  const { access, metrics } = options;

  app.get("/healthz", async (_, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }));

  app.get("/readyz", async (_, reply) => {
    const reasons = await reasonsNotReady(options);
    if (reasons.length > 0) {
      throw new RequestProblem("not-ready", reasons.join(" "), {
        errors: reasons.map((message) => ({ path: "", message })),
      });
    }
    return reply.header("cache-control", "no-store").send({ status: "ready" });
  });

  app.get("/metrics", async (request, reply) => {
    access.requireUnlessLocal(request, "reader");
    await refreshGauges(options);
    return reply
      .header("cache-control", "no-store")
      .type(metrics.registry.contentType)
      .send(await metrics.registry.metrics());
  });

  app.get("/metrics/received", async (request, reply) => {
    access.requireUnlessLocal(request, "reader");
    return reply.header("cache-control", "no-store").type(metrics.registry.contentType).send(options.receivedMetrics());
  });
}
