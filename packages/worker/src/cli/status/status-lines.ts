import type { ElasticsearchStatus, Status } from "@vedette/api";
import { type Column, printable, textTable, timeText } from "../text-table.ts";
import { missedText } from "./coverage-lines.ts";

const number = (value: number): string => value.toLocaleString("en-US");

const SOURCES: readonly Column<Status["sources"][number]>[] = [
  { title: "SOURCE", text: ({ name }) => name, width: 24 },
  { title: "KIND", text: ({ kind }) => kind, width: 14 },
  { title: "STATE", text: ({ state }) => state, width: 8 },
  { title: "RECEIVED", text: ({ received }) => number(received), width: 16 },
  { title: "REFUSED", text: ({ refused }) => number(refused), width: 12 },
  { title: "DETAIL", text: ({ detail }) => detail, width: 110 },
];

type Tailed = ElasticsearchStatus["sources"][number];
const TAILED: readonly Column<Tailed>[] = [
  { title: "SOURCE", text: ({ name }) => name, width: 24 },
  { title: "STARTED AT", text: ({ start }) => start ?? "not yet", width: 26 },
  { title: "SHARDS", text: ({ shards }) => number(shards), width: 8 },
  { title: "HERE", text: ({ here }) => number(here), width: 8 },
  { title: "BEHIND", text: ({ states }) => number(states.behind), width: 8 },
  { title: "RED", text: ({ states }) => number(states.red), width: 8 },
  { title: "STALLED", text: ({ states }) => number(states.stalled), width: 8 },
  { title: "BY TIME", text: ({ states }) => number(states.byTime), width: 8 },
  { title: "LAG", text: ({ lag }) => number(lag), width: 16 },
  { title: "NEWEST EVENT", text: ({ newest }) => (newest === undefined ? "" : timeText(newest)), width: 20 },
];

type Waiting = Tailed["waiting"][number] & { readonly source: string };
const WAITING: readonly Column<Waiting>[] = [
  { title: "WAITING", text: ({ index, shard }) => `${index}/${shard}`, width: 60 },
  { title: "SOURCE", text: ({ source }) => source, width: 24 },
  { title: "STATE", text: ({ state }) => state, width: 8 },
  { title: "LAG", text: ({ lag }) => (lag === undefined ? "?" : number(lag)), width: 16 },
  { title: "READ BY", text: ({ owner }) => owner ?? "nobody", width: 18 },
  { title: "TROUBLE", text: ({ trouble }) => trouble ?? "", width: 80 },
];
const SHOWN = 20;

const LEASES: readonly Column<ElasticsearchStatus["leases"][number]>[] = [
  { title: "LEASES", text: ({ kind }) => kind, width: 10 },
  { title: "THERE ARE", text: ({ total }) => number(total), width: 10 },
  {
    title: "HELD BY",
    text: ({ owners }) => owners.map(({ worker, count }) => `${worker} ${number(count)}`).join(", ") || "nobody",
    width: 90,
  },
  { title: "NOBODY HOLDS", text: ({ unowned }) => unowned.join(", "), width: 80 },
];

const LINES: readonly Column<ElasticsearchStatus["lines"][number]>[] = [
  { title: "LINE", text: ({ line }) => line, width: 30 },
  { title: "RUNS IN", text: ({ owner, here }) => (here ? "this worker" : (owner ?? "no worker")), width: 18 },
  { title: "EPOCH", text: ({ epoch }) => String(epoch), width: 8 },
  { title: "LAG", text: ({ lag }) => (lag === undefined ? "" : number(lag)), width: 16 },
  { title: "PROBLEM", text: ({ problem }) => problem ?? "", width: 100 },
];

/** The status as a person reads it, what is wrong first. */
export function statusLines(status: Status): string[] {
  const { rules, alerts, incidents, unmatched, elasticsearch } = status;
  return [
    `${status.ready ? "READY" : "NOT READY"}  Vedette ${printable(status.version)}, ${status.mode}, since ${timeText(status.startedAt)}`,
    ...status.problems.map((problem) => `  ! ${printable(problem)}`),
    "",
    `events     ${number(status.eventsJudged)} judged, ${number(status.inboxPending)} waiting, ${number(unmatched.count)} without a log source`,
    ...(status.newestEvent === undefined ? [] : [`newest     ${timeText(status.newestEvent)}`]),
    ...(status.watermark === undefined
      ? []
      : [`watermark  ${timeText(status.watermark)}: nothing before it can change any more`]),
    `rules      ${number(rules.loaded)} loaded, ${number(rules.refused)} refused`,
    `alerts     ${number(alerts.open)} open of ${number(alerts.total)}; incidents: ${number(incidents.open)} open of ${number(incidents.total)}`,
    `effects    ${number(status.effectsPending)} waiting; ${number(status.guardClients)} guards connected`,
    "",
    ...textTable(SOURCES, status.sources),
    ...(elasticsearch === undefined ? [] : clusterLines(elasticsearch)),
  ];
}

function clusterLines({ cluster, worker, sources, leases, lines, coverage }: ElasticsearchStatus): string[] {
  const waiting = sources.flatMap(({ name, waiting: shards }) => shards.map((shard) => ({ ...shard, source: name })));
  return [
    "",
    `Elasticsearch ${printable(cluster.version)}, cluster ${printable(cluster.name)} (${printable(cluster.uuid)}); this worker is ${printable(worker)}`,
    "",
    ...textTable(TAILED, sources),
    ...sources.flatMap(({ name, fallbacks, closed }) => [
      ...fallbacks.map(
        ({ target, reason, promise }) => `  ${printable(name)}: ${printable(target)}: ${printable(reason)} ${promise}`,
      ),
      ...(closed.length > 0 ? [`  ${printable(name)}: closed, not read: ${printable(closed.join(", "))}`] : []),
    ]),
    ...(waiting.length > 0 ? ["", ...textTable(WAITING, waiting.slice(0, SHOWN))] : []),
    ...(waiting.length > SHOWN ? [`… ${waiting.length - SHOWN} more; --format json has up to 100 of each source`] : []),
    "",
    ...textTable(LEASES, leases),
    "",
    ...textTable(LINES, lines),
    "",
    ...(coverage === undefined
      ? []
      : [
          `coverage   events that at least one rule did not look at: ${missedText(coverage.missed)}${coverage.gaps > 0 ? " (vedette status --coverage lists them)" : ""}`,
        ]),
  ];
}
