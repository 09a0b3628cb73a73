import { css, cx } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { Icon, useStyles2 } from "@grafana/ui";
import { type ReactNode, useRef } from "react";
import { type Column, type Sort, sortRows } from "./sort-rows.ts";
import { useRowKeys } from "./use-row-keys.ts";

interface DataTableProps<T> {
  /** What the table is, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
  /** With `onSort`: which column orders the rows. The order lives in the address, not here. */
  readonly sort?: Sort | undefined;
  readonly onSort?: (sort: Sort) => void;
}

/**
 * A table whose order is the caller's to keep, so that it can live in the address (Grafana's InteractiveTable keeps its own). A `RowLink`
 * covers its whole row; j and k move between such links.
 */
export function DataTable<T>({ caption, columns, rows, rowKey, sort, onSort }: DataTableProps<T>) {
  const styles = useStyles2(getStyles);
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(body);
  const header = (column: Column<T>): ReactNode => {
    if (onSort === undefined || column.order === undefined) return <span className={styles.head}>{column.header}</span>;
    const active = sort?.column === column.id;
    const descending = active ? !sort.descending : (column.descendingFirst ?? false);
    return (
      <button
        type="button"
        className={cx(styles.head, styles.sort, column.align === "right" && styles.reversed)}
        onClick={() => onSort({ column: column.id, descending })}
      >
        {column.header}
        <Icon
          name={active && !sort.descending ? "arrow-up" : "arrow-down"}
          size="sm"
          className={active ? "" : styles.idle}
        />
      </button>
    );
  };
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                style={{ width: column.width }}
                className={column.align === "right" ? styles.right : undefined}
                aria-sort={sort?.column === column.id ? (sort.descending ? "descending" : "ascending") : undefined}
              >
                {header(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {sortRows(rows, columns, sort).map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.id} className={cx(column.align === "right" && styles.right)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  scroll: css({ overflowX: "auto" }),
  table: css({
    width: "100%",
    borderCollapse: "collapse",
    ".sr-only": { position: "absolute", width: 1, height: 1, overflow: "hidden", clipPath: "inset(50%)" },
    th: {
      padding: theme.spacing(1, 1.5),
      color: theme.colors.text.secondary,
      fontSize: theme.typography.bodySmall.fontSize,
      fontWeight: theme.typography.fontWeightMedium,
      textAlign: "left",
      verticalAlign: "middle",
      lineHeight: "20px",
      whiteSpace: "nowrap",
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    td: { padding: theme.spacing(1, 1.5), verticalAlign: "top" },
    "th:first-child, td:first-child": { paddingLeft: theme.spacing(2) },
    "th:last-child, td:last-child": { paddingRight: theme.spacing(2) },
    "tbody tr": { position: "relative", borderBottom: `1px solid ${theme.colors.border.weak}` },
    "tbody tr:last-child": { borderBottom: "none" },
    "tbody tr:hover": { background: theme.colors.action.hover },
  }),
  right: css({ "&&": { textAlign: "right", fontVariantNumeric: "tabular-nums" } }),
  // The same box for all heads, whether they sort or not, so that their texts are on one line.
  head: css({
    display: "inline-flex",
    alignItems: "center",
    gap: theme.spacing(0.5),
    height: 20,
    lineHeight: "20px",
    verticalAlign: "top",
  }),
  sort: css({
    padding: 0,
    border: "none",
    background: "none",
    color: "inherit",
    fontSize: "inherit",
    fontWeight: "inherit",
    "&:hover": { color: theme.colors.text.primary },
    "&:hover svg": { opacity: 1 },
  }),
  reversed: css({ flexDirection: "row-reverse" }),
  idle: css({ opacity: 0 }),
});
