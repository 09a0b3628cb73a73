import { Badge, type BadgeColor } from "@grafana/ui";
import type { Status } from "@vedette/api";
import { DataTable } from "../../components/DataTable.tsx";
import { Empty } from "../../components/Empty.tsx";
import { Section } from "../../components/Section.tsx";
import type { Column } from "../../components/sort-rows.ts";

type Source = Status["sources"][number];

const colors: Record<Source["state"], BadgeColor> = {
  running: "green",
  waiting: "blue",
  failed: "red",
  stopped: "darkgrey",
};

const number = (id: "received" | "duplicate" | "refused", header: string): Column<Source> => ({
  id,
  header,
  width: 110,
  align: "right",
  cell: (source) => source[id].toLocaleString("en-US"),
});

const columns: readonly Column<Source>[] = [
  { id: "state", header: "State", width: 110, cell: ({ state }) => <Badge color={colors[state]} text={state} /> },
  { id: "name", header: "Source", width: "20%", cell: ({ name }) => name },
  { id: "kind", header: "Kind", width: 110, cell: ({ kind }) => kind },
  { id: "detail", header: "Detail", cell: ({ detail }) => detail },
  number("received", "Received"),
  number("duplicate", "Repeated"),
  number("refused", "Refused"),
];

/** Where events come from, and how that goes. */
export function Sources({ sources }: { readonly sources: readonly Source[] }) {
  return (
    <Section title="Sources" count={sources.length} flush>
      {sources.length === 0 ? (
        <Empty icon="plug" title="No sources">
          The worker listens to nothing. Its configuration names its sources.
        </Empty>
      ) : (
        <DataTable caption="Sources" columns={columns} rows={sources} rowKey={({ name }) => name} />
      )}
    </Section>
  );
}
