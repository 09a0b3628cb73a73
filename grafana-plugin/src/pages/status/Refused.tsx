import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { RefusedRecord } from "@vedette/api";
import { useSearchParams } from "react-router-dom";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { DataTable } from "../../components/DataTable.tsx";
import { Empty } from "../../components/Empty.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Moment } from "../../components/Moment.tsx";
import { Pager } from "../../components/Pager.tsx";
import { Section } from "../../components/Section.tsx";
import type { Column } from "../../components/sort-rows.ts";

/** Input that can never be taken, kept with the reason. */
export function Refused() {
  const styles = useStyles2(getStyles);
  const [parameters] = useSearchParams();
  const cursor = parameters.get("cursor") ?? undefined;
  const refused = useWorker(
    cursor ?? "",
    (signal) => worker.listRefused({ query: { limit: 20, cursor } }, { signal }),
    {
      on: ["status"],
    },
  );
  const columns: readonly Column<RefusedRecord>[] = [
    { id: "time", header: "Time", width: 150, cell: ({ time }) => <Moment at={time} /> },
    { id: "source", header: "Source", width: 140, cell: ({ source }) => source },
    {
      id: "reason",
      header: "Why",
      width: "32%",
      cell: ({ reason, detail }) => (
        <>
          <code>{reason}</code>
          <div>{detail}</div>
        </>
      ),
    },
    { id: "sample", header: "How it begins", cell: ({ sample }) => <code className={styles.sample}>{sample}</code> },
  ];
  return (
    <Section title="Refused input" {...(refused.data === undefined ? {} : { count: refused.data.total })} flush>
      <Loaded state={refused} what="refused input">
        {({ items, total, nextCursor }) => (
          <>
            {items.length === 0 ? (
              <Empty icon="check-circle" title="Nothing was refused" />
            ) : (
              <DataTable
                caption="Refused input"
                columns={columns}
                rows={items}
                rowKey={({ sequence }) => String(sequence)}
              />
            )}
            <Pager shown={items.length} total={total} nextCursor={nextCursor} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  sample: css({
    display: "block",
    maxHeight: 60,
    overflow: "auto",
    overflowWrap: "anywhere",
    whiteSpace: "pre-wrap",
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
