import type { AlertDetail, ApiFinding } from "@vedette/api";
import { DataTable } from "../../components/DataTable.tsx";
import { Empty } from "../../components/Empty.tsx";
import { EntityChips } from "../../components/EntityChips.tsx";
import { Moment } from "../../components/Moment.tsx";
import { Section } from "../../components/Section.tsx";
import type { Column } from "../../components/sort-rows.ts";
import { formatSpan } from "../../format/time.ts";
import { count } from "../../format/words.ts";

const columns: readonly Column<ApiFinding>[] = [
  { id: "time", header: "Time", width: 150, cell: ({ time }) => <Moment at={time} /> },
  {
    id: "kind",
    header: "What",
    cell: ({ kind, time, endTime, eventIds }) =>
      kind === "fact"
        ? "One event matched the rule"
        : eventIds.length === 1
          ? "1 event"
          : `${count(eventIds.length, "event")} together, ${formatSpan(time, endTime)}`,
  },
  { id: "entities", header: "Entities", cell: ({ entities }) => <EntityChips entities={entities} limit={3} /> },
];

/** The findings that an alert joins. */
export function Findings({ alert }: { readonly alert: AlertDetail }) {
  const live = alert.findings.filter(({ mergedInto, withdrawn }) => mergedInto === undefined && withdrawn !== true);
  const missing = alert.findingCount - live.length;
  return (
    <Section title="Findings" count={alert.findingCount} flush>
      {live.length === 0 ? (
        <Empty icon="search" title="No findings are kept for this alert" />
      ) : (
        <DataTable caption="Findings" columns={columns} rows={live} rowKey={({ id }) => id} />
      )}
      {missing > 0 && live.length > 0 && (
        <Empty icon="info-circle" title={`${count(missing, "later finding is", "later findings are")} not shown`} />
      )}
    </Section>
  );
}
