import { ROOT_CONTEXT, type Attributes } from "@opentelemetry/api";
import { ATTR, EVENT, type ServiceDegradation } from "@vedette/semconv";
import { requestAttributes, type RequestState } from "../current-request.ts";
import type { Reporter } from "../reporter.ts";

/** Watches whether the process stands still or grows, and which requests it serves meanwhile. */
export interface ServiceHealth {
  arrived(state: RequestState): void;
  answered(state: RequestState): void;
  stop(): void;
}

/** Clock, timer and memory, for tests. */
export interface ServiceHealthOptions {
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
  /** Bytes that the process holds. */
  readonly memory?: () => number;
  /** Calls a function again and again; returns what ends that. */
  readonly every?: (milliseconds: number, call: () => void) => () => void;
}

/** A look at the clock costs less than a microsecond: twenty in a second. */
const TICK_MILLISECONDS = 50;
const TICKS_BETWEEN_MEMORY = 20;
const MEMORY_WINDOW_MILLISECONDS = 10_000;
const MEMORY_GROWTH = 128 * 1024 * 1024;
const AGAIN_MILLISECONDS = 60_000;
/** Requests that arrived last: those that can be named. */
const RECENT = 64;

interface Served {
  readonly state: RequestState;
  readonly arrivedAt: number;
  answeredAt: number | undefined;
}

/**
 * Starts the watch.
 *
 * While code runs no request can arrive: of those in service, the one that arrived last before a stall is the likeliest to have caused
 * it, and surely did when its handler ran right then. How many others were in service is told beside it.
 *
 * @param stallMilliseconds For how long the event loop must stand still.
 */
export function watchServiceHealth(
  reporter: Reporter,
  stallMilliseconds: number,
  {
    now = () => performance.now(),
    memory = () => process.memoryUsage.rss(),
    every = everyUnreferenced,
  }: ServiceHealthOptions = {},
): ServiceHealth {
  const recent: (Served | undefined)[] = Array.from({ length: RECENT });
  let next = 0;
  let lastTick = now();
  let ticks = 0;
  let lowest: { bytes: number; at: number } | undefined;
  let growthToldAt = Number.NEGATIVE_INFINITY;

  function report(degradation: ServiceDegradation, from: number, own: Attributes): void {
    const inService = recent.filter(
      (served): served is Served => served !== undefined && (served.answeredAt ?? Number.POSITIVE_INFINITY) >= from,
    );
    const culprit = inService.toSorted((one, other) => other.arrivedAt - one.arrivedAt)[0]?.state;
    reporter.count("serviceDegradations", { [ATTR.serviceDegradation]: degradation });
    reporter.event(
      EVENT.serviceDegraded,
      "warn",
      {
        ...(culprit === undefined ? {} : requestAttributes(culprit)),
        [ATTR.serviceDegradation]: degradation,
        [ATTR.serviceActiveRequests]: inService.length,
        ...own,
      },
      culprit?.context ?? ROOT_CONTEXT,
    );
  }

  function lookAtMemory(time: number): void {
    const bytes = memory();
    const growth = lowest === undefined ? 0 : bytes - lowest.bytes;
    const from = lowest?.at ?? time;
    if (growth < MEMORY_GROWTH) {
      if (lowest === undefined || growth < 0 || time - from > MEMORY_WINDOW_MILLISECONDS) lowest = { bytes, at: time };
      return;
    }
    lowest = { bytes, at: time };
    if (time - growthToldAt < AGAIN_MILLISECONDS) return;
    growthToldAt = time;
    report("memory_growth", from, { [ATTR.serviceMemoryGrowth]: growth });
  }

  const stop = every(TICK_MILLISECONDS, () => {
    try {
      const time = now();
      const late = time - lastTick - TICK_MILLISECONDS;
      const from = lastTick;
      lastTick = time;
      // Before the first request an application loads its modules.
      if (late >= stallMilliseconds && next > 0)
        report("event_loop_stall", from, { [ATTR.serviceStallDuration]: late / 1000 });
      if (++ticks % TICKS_BETWEEN_MEMORY === 0) lookAtMemory(time);
    } catch (cause) {
      reporter.error(cause);
    }
  });

  return {
    arrived(state) {
      recent[next % RECENT] = { state, arrivedAt: now(), answeredAt: undefined };
      next++;
    },
    answered(state) {
      // Most are answered soon after they arrived.
      for (let back = 1; back <= RECENT; back++) {
        if (back > next) return;
        const served = recent[(next - back) % RECENT];
        if (served === undefined) return;
        if (served.state !== state) continue;
        served.answeredAt = now();
        return;
      }
    },
    stop,
  };
}

function everyUnreferenced(milliseconds: number, call: () => void): () => void {
  const timer = setInterval(call, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
}
