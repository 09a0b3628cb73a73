import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { Incident } from "@vedette/api";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { PATHS } from "../app-paths.ts";
import { formatSpan } from "../format/time.ts";
import { sentenceCase } from "../format/words.ts";
import { DataTable } from "./DataTable.tsx";
import { EntityChips } from "./EntityChips.tsx";
import { Moment } from "./Moment.tsx";
import { RowLink } from "./RowLink.tsx";
import { SeverityBadge } from "./SeverityBadge.tsx";
import type { Column, Sort } from "./sort-rows.ts";
import { IncidentStatusBadge } from "./StatusBadge.tsx";

interface IncidentTableProps {
  readonly incidents: readonly Incident[];
  readonly sort?: Sort | undefined;
  readonly onSort?: (sort: Sort) => void;
}

/** Incidents, one a row. */
export function IncidentTable({ incidents, sort, onSort }: IncidentTableProps) {
  const styles = useStyles2(getStyles);
  const columns: readonly Column<Incident>[] = [
    {
      id: "severity",
      header: "Severity",
      width: 100,
      order: ({ severity }) => SEVERITY_LEVELS.indexOf(severity),
      descendingFirst: true,
      cell: ({ severity }) => <SeverityBadge severity={severity} />,
    },
    {
      id: "title",
      header: "Incident",
      order: ({ title }) => title,
      cell: ({ id, title, tactics, firstSeen, lastSeen }) => (
        <div className={styles.title}>
          <RowLink to={PATHS.incident(id)}>{title}</RowLink>
          <span className={styles.sub}>
            {[...tactics.map(sentenceCase), formatSpan(firstSeen, lastSeen)].join(" · ")}
          </span>
        </div>
      ),
    },
    {
      id: "entities",
      header: "Entities",
      width: "30%",
      cell: ({ entities }) => <EntityChips entities={entities} limit={3} />,
    },
    {
      id: "alerts",
      header: "Alerts",
      width: 80,
      align: "right",
      order: ({ alertIds }) => alertIds.length,
      descendingFirst: true,
      cell: ({ alertIds }) => alertIds.length,
    },
    {
      id: "status",
      header: "Status",
      width: 130,
      order: ({ status }) => status,
      cell: ({ status }) => <IncidentStatusBadge status={status} />,
    },
    {
      id: "time",
      header: "Last seen",
      width: 120,
      order: ({ lastSeen }) => lastSeen,
      descendingFirst: true,
      cell: ({ lastSeen }) => <Moment at={lastSeen} />,
    },
  ];
  return (
    <DataTable
      caption="Incidents"
      columns={columns}
      rows={incidents}
      rowKey={({ id }) => id}
      sort={sort}
      {...(onSort === undefined ? {} : { onSort })}
    />
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  title: css({ display: "flex", flexDirection: "column", gap: theme.spacing(0.25), minWidth: 220 }),
  sub: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
