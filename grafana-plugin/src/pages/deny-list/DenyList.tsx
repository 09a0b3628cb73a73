import { PluginPage } from "@grafana/runtime";
import { Button, TextLink } from "@grafana/ui";
import { actionOf, type DenyAction, type DenyListEntry, describeTargets } from "@vedette/api";
import { useSearchParams } from "react-router-dom";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { PATHS } from "../../app-paths.ts";
import { DataTable } from "../../components/DataTable.tsx";
import { Empty } from "../../components/Empty.tsx";
import { EntityChips } from "../../components/EntityChips.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Moment } from "../../components/Moment.tsx";
import { Pager } from "../../components/Pager.tsx";
import { Remaining } from "../../components/Remaining.tsx";
import { Section } from "../../components/Section.tsx";
import type { Column } from "../../components/sort-rows.ts";
import { DenyStateBadge } from "../../components/StatusBadge.tsx";
import { UndoBlock } from "../../components/UndoBlock.tsx";
import { useMayRespond } from "../../components/use-may-respond.ts";
import { formatDuration } from "../../format/time.ts";
import { AddAddress } from "./AddAddress.tsx";

/** What the guards do to whom, and did. */
export default function DenyList() {
  const [parameters, setParameters] = useSearchParams();
  const mayRespond = useMayRespond();
  const cursor = parameters.get("cursor") ?? undefined;
  const list = useWorker(cursor ?? "", (signal) => worker.listDenyList({ query: { limit: 200, cursor } }, { signal }), {
    on: ["deny_list"],
  });
  const change = (edit: (parameters: URLSearchParams) => void) =>
    setParameters((before) => {
      const after = new URLSearchParams(before);
      edit(after);
      return after;
    });
  const close = () =>
    change((after) => {
      after.delete("add");
      after.delete("incident");
    });
  const adding = mayRespond && parameters.has("add");
  return (
    <PluginPage
      pageNav={{ text: "Deny list" }}
      subTitle="What the guard inside your services does to whom: blocks, throttles, step-ups, ended sessions. Each ends by itself and can be undone."
      actions={
        mayRespond && (
          <Button icon="plus" onClick={() => change((after) => after.set("add", ""))}>
            Block an address
          </Button>
        )
      }
    >
      <Loaded state={list} what="the deny list">
        {({ items, total, nextCursor }) => {
          const active = items.filter(isActive);
          const ended = items.filter((entry) => !isActive(entry));
          return (
            <>
              <Section title="In force" count={active.length} flush>
                {active.length === 0 ? (
                  <Empty icon="shield" title="Nobody is blocked">
                    Rules with a response block an attacker's address here by themselves, for a while.
                  </Empty>
                ) : (
                  <DataTable
                    caption="Blocks in force"
                    columns={activeColumns(list.reload)}
                    rows={active}
                    rowKey={({ id }) => id}
                  />
                )}
              </Section>
              <Section title="Ended" count={ended.length} flush>
                {ended.length === 0 ? (
                  <Empty icon="history" title="No block has ended yet" />
                ) : (
                  <DataTable caption="Blocks that ended" columns={endedColumns} rows={ended} rowKey={({ id }) => id} />
                )}
              </Section>
              <Pager shown={items.length} total={total} nextCursor={nextCursor} />
            </>
          );
        }}
      </Loaded>
      {adding && (
        <AddAddress
          address={parameters.get("add") ?? ""}
          incidentId={parameters.get("incident") ?? undefined}
          onDismiss={close}
          onAdded={() => {
            close();
            list.reload();
          }}
        />
      )}
    </PluginPage>
  );
}

const isActive = ({ state }: DenyListEntry) => state === "in_force" || state === "pending";

const whoColumn: Column<DenyListEntry> = {
  id: "who",
  header: "Who or what",
  width: 240,
  cell: (entry) =>
    entry.address === undefined || actionOf(entry) === "off" ? (
      describeTargets(entry)
    ) : (
      <EntityChips entities={[{ kind: "address", value: entry.address }]} />
    ),
};

const ACTIONS: Readonly<Record<DenyAction, string>> = {
  block: "Block",
  end_session: "End session",
  step_up: "Step-up",
  throttle: "Throttle",
  observe: "Observe",
  off: "Guards off",
};

const actionColumn: Column<DenyListEntry> = {
  id: "action",
  header: "Action",
  width: 120,
  cell: (entry) => ACTIONS[actionOf(entry)],
};

const stateColumn: Column<DenyListEntry> = {
  id: "state",
  header: "State",
  width: 130,
  cell: ({ state }) => <DenyStateBadge state={state} />,
};

const whyColumn: Column<DenyListEntry> = {
  id: "why",
  header: "Why",
  cell: ({ reason, alertId, incidentId }) => (
    <>
      {reason}
      {incidentId !== undefined && (
        <>
          {" "}
          <TextLink href={PATHS.incident(incidentId)}>Incident</TextLink>
        </>
      )}
      {alertId !== undefined && (
        <>
          {" "}
          <TextLink href={PATHS.alert(alertId)}>Alert</TextLink>
        </>
      )}
    </>
  ),
};

const byColumn: Column<DenyListEntry> = {
  id: "by",
  header: "Blocked by",
  width: 150,
  cell: ({ requestedBy }) => requestedBy,
};

const sinceColumn: Column<DenyListEntry> = {
  id: "since",
  header: "Since",
  width: 150,
  cell: ({ createdAt }) => <Moment at={createdAt} />,
};

const activeColumns = (onUndone: () => void): readonly Column<DenyListEntry>[] => [
  whoColumn,
  actionColumn,
  stateColumn,
  whyColumn,
  byColumn,
  sinceColumn,
  { id: "left", header: "Ends in", width: 120, cell: (entry) => <Remaining entry={entry} /> },
  {
    id: "undo",
    header: "",
    width: 100,
    align: "right",
    cell: (entry) => <UndoBlock entry={entry} onUndone={onUndone} />,
  },
];

const endedColumns: readonly Column<DenyListEntry>[] = [
  whoColumn,
  actionColumn,
  stateColumn,
  whyColumn,
  byColumn,
  {
    id: "lasted",
    header: "Lasted",
    width: 110,
    cell: ({ createdAt, endedAt, expiresAt }) => formatDuration(Math.max(0, (endedAt ?? expiresAt) - createdAt)),
  },
  {
    id: "ended",
    header: "Ended",
    width: 150,
    cell: ({ endedAt, expiresAt }) => <Moment at={endedAt ?? expiresAt} />,
  },
  {
    id: "endedBy",
    header: "Ended by",
    width: 130,
    cell: ({ endedBy, state }) => endedBy ?? (state === "expired" ? "its time" : ""),
  },
];
