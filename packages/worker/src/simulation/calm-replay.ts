import type { Alert, Incident } from "@vedette/api";
import type { Log } from "../ports.ts";
import { openSqliteCore, type SqliteCore } from "../store/sqlite/core.ts";
import type { InboxRow } from "../store/store.ts";
import { differences, judgedEvents } from "./check-run.ts";
import { storeOverCore } from "./core-store.ts";
import { type RunOutcome, simulatedLine } from "./simulate-run.ts";
import { SIMULATED } from "./workload.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Judges the recorded inbox of a run once more, in the order of event time and with nothing going wrong, and compares all that alerts and
 * incidents say of themselves, but for ids, links and what people decided. Runs with late events are not compared.
 */
export async function checkReplay({ core, events, end }: RunOutcome): Promise<string[]> {
  const rows = core.readInbox(0, 10_000);
  if (judgedEvents(events, rows).some(({ maybeLate }) => maybeLate)) return [];
  const calm = openSqliteCore(":memory:");
  try {
    calm.append(inTimeOrder(rows));
    const clock = { now: () => end };
    const line = simulatedLine({
      store: storeOverCore(calm),
      ports: { clock, timers: { sleep: async () => {} }, log: silent },
    });
    for (let more = true; more;) more = await line.runOnce();
    return [
      ...differences("replay: alerts", alertTexts(core), alertTexts(calm)),
      ...differences("replay: incidents", incidentTexts(core), incidentTexts(calm)),
    ];
  } finally {
    calm.close();
  }
}

const standsAt = (row: InboxRow): number =>
  row.time > row.receivedAt + SIMULATED.futureTolerance ? row.receivedAt : row.time;

const inTimeOrder = (rows: readonly InboxRow[]): readonly InboxRow[] =>
  rows.toSorted((a, b) => standsAt(a) - standsAt(b));

function alertText(alert: Alert): string {
  const { id: _id, revision, status, closeReason, assignee, openedAt, incidentId, mergedInto, ...rest } = alert;
  void [revision, status, closeReason, assignee, openedAt, incidentId, mergedInto];
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const alertTexts = (core: SqliteCore): string[] => core.listAlerts({ limit: 500 }).items.map(alertText);

function incidentTexts(core: SqliteCore): string[] {
  const isOneThatStays = ({ alertIds, severity }: Incident): boolean =>
    alertIds.length === 1 && severity !== "high" && severity !== "critical";
  return core
    .listIncidents({ limit: 500 })
    .items.filter((incident) => !isOneThatStays(incident))
    .map((incident) => {
      const { id: _id, revision, status, openedAt, mergedInto, alertIds, ...rest } = incident;
      void [revision, status, openedAt, mergedInto];
      const alerts = alertIds.map((id) => alertText(core.alert(id) as Alert)).sort();
      return JSON.stringify([Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)), alerts]);
    });
}
