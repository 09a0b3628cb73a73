import { Badge } from "@grafana/ui";
import type { ElasticsearchStatus } from "@vedette/api";
import { DataTable } from "../../components/DataTable.tsx";
import { Facts } from "../../components/Facts.tsx";
import { Moment } from "../../components/Moment.tsx";
import { Section } from "../../components/Section.tsx";
import type { Column } from "../../components/sort-rows.ts";
import { COVERAGE_REASON, count } from "../../format/words.ts";

type Source = ElasticsearchStatus["sources"][number];
type Line = ElasticsearchStatus["lines"][number];
type Waiting = Source["waiting"][number] & { readonly source: string };

const number = (value: number): string => value.toLocaleString("en-US");

const sourceColumns: readonly Column<Source>[] = [
  { id: "name", header: "Source", width: "16%", cell: ({ name }) => name },
  { id: "start", header: "Began at", width: 150, cell: ({ start }) => start ?? "not yet" },
  {
    id: "shards",
    header: "Shards",
    width: 150,
    cell: ({ shards, here }) => `${number(shards)}, ${number(here)} of them here`,
  },
  { id: "lag", header: "Not judged", width: 110, align: "right", cell: ({ lag }) => number(lag) },
  {
    id: "newest",
    header: "Newest event",
    width: 150,
    cell: ({ newest }) => (newest === undefined ? "" : <Moment at={newest} />),
  },
  {
    id: "promise",
    header: "Read by time",
    cell: ({ fallbacks }) =>
      fallbacks.map(({ target, reason, promise }) => (
        <div key={target}>
          <code>{target}</code>: {reason} {promise}
        </div>
      )),
  },
];

const stateColors = { red: "red", stalled: "orange", behind: "blue" } as const;
const waitingColumns: readonly Column<Waiting>[] = [
  { id: "state", header: "State", width: 110, cell: ({ state }) => <Badge color={stateColors[state]} text={state} /> },
  {
    id: "shard",
    header: "Shard",
    width: "32%",
    cell: ({ index, shard }) => (
      <code>
        {index}/{shard}
      </code>
    ),
  },
  { id: "source", header: "Source", width: 140, cell: ({ source }) => source },
  {
    id: "lag",
    header: "Not judged",
    width: 110,
    align: "right",
    cell: ({ lag }) => (lag === undefined ? "?" : number(lag)),
  },
  { id: "owner", header: "Read by", width: 170, cell: ({ owner }) => owner ?? "nobody" },
  { id: "trouble", header: "Trouble", cell: ({ trouble }) => trouble ?? "" },
];

const lineColumns: readonly Column<Line>[] = [
  { id: "line", header: "Line", width: "24%", cell: ({ line }) => <code>{line}</code> },
  {
    id: "owner",
    header: "Runs in",
    width: 190,
    cell: ({ owner, here }) =>
      here ? "this worker" : owner === undefined ? <Badge color="red" text="no worker" /> : owner,
  },
  {
    id: "lag",
    header: "Findings waiting",
    width: 150,
    align: "right",
    cell: ({ lag }) => (lag === undefined ? "" : number(lag)),
  },
  { id: "problem", header: "Problem", cell: ({ problem }) => problem ?? "" },
];

/** How the workers of a cluster do: what they read, what waits, and who works on what. */
export function Cluster({ cluster }: { readonly cluster: ElasticsearchStatus }) {
  const { sources, lines, coverage } = cluster;
  const workers = new Set(cluster.leases.flatMap(({ owners }) => owners.map(({ worker }) => worker)));
  const waiting = sources.flatMap(({ name, waiting: shards }) => shards.map((shard) => ({ ...shard, source: name })));
  return (
    <>
      <Section title="Elasticsearch">
        <Facts
          items={[
            ["Cluster", `${cluster.cluster.name}, ${cluster.cluster.version}`],
            ["Workers", `${count(workers.size, "worker")} at work; this one is ${cluster.worker}`],
            [
              "Not looked at by every rule",
              coverage === undefined ? undefined : missed(coverage.missed),
              "Events that at least one rule has not judged as the rule is now. vedette status --coverage lists shards, rules and what to do.",
            ],
          ]}
        />
      </Section>
      <Section title="Tailed sources" count={sources.length} flush>
        <DataTable caption="Tailed sources" columns={sourceColumns} rows={sources} rowKey={({ name }) => name} />
      </Section>
      {waiting.length > 0 && (
        <Section title="Shards that are not read to their end" count={waiting.length} flush>
          <DataTable
            caption="Shards that are not read to their end"
            columns={waitingColumns}
            rows={waiting}
            rowKey={({ source, index, shard }) => `${source} ${index} ${shard}`}
          />
        </Section>
      )}
      <Section title="Alerts and correlations" count={lines.length} flush>
        <DataTable caption="Alerts and correlations" columns={lineColumns} rows={lines} rowKey={({ line }) => line} />
      </Section>
    </>
  );
}

function missed(counts: NonNullable<ElasticsearchStatus["coverage"]>["missed"]): string {
  const parts = Object.entries(COVERAGE_REASON).flatMap(([reason, words]) => {
    const events = counts[reason as keyof typeof counts];
    return events > 0 ? [`${count(events, "event")} ${words}`] : [];
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
