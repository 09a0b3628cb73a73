import { css } from "@emotion/css";
import { dateTimeFormat, type GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { AlertDetail } from "@vedette/api";
import { useState } from "react";
import { DocumentView } from "../../components/DocumentView.tsx";
import { Empty } from "../../components/Empty.tsx";
import { Section } from "../../components/Section.tsx";

interface EventsProps {
  readonly events: AlertDetail["events"];
  /** How many there are in all; the API sends the first twenty. */
  readonly total: number;
  /** Values to mark in the documents. */
  readonly marked: readonly string[];
}

/** The events behind an alert, as they were received. The first is open. */
export function Events({ events, total, marked }: EventsProps) {
  const styles = useStyles2(getStyles);
  return (
    <Section
      title="Events"
      count={total}
      actions={total > events.length ? <span className={styles.note}>first {events.length} shown</span> : undefined}
      flush
    >
      {events.length === 0 && <Empty icon="database" title="The events are no longer kept" />}
      {events.map((event, index) => (
        <Event key={event.id} event={event} open={index === 0} marked={marked} />
      ))}
    </Section>
  );
}

interface EventProps {
  readonly event: AlertDetail["events"][number];
  /** Whether it begins open. */
  readonly open: boolean;
  readonly marked: readonly string[];
}

/** One event; its document is rendered when it is opened first, because twenty of them are thousands of elements. */
function Event({ event: { id, time, document }, open, marked }: EventProps) {
  const styles = useStyles2(getStyles);
  const [opened, setOpened] = useState(open);
  return (
    <details
      className={styles.event}
      open={open}
      onToggle={({ currentTarget }) => currentTarget.open && setOpened(true)}
    >
      <summary className={styles.summary}>
        <span className={styles.time}>{dateTimeFormat(time, { defaultWithMS: true })}</span>
        <span className={styles.name}>{nameOf(document)}</span>
        <code className={styles.id}>{id}</code>
      </summary>
      <div className={styles.document}>{opened && <DocumentView document={document} marked={marked} />}</div>
    </details>
  );
}

/** What the event calls itself, else the text of its body. */
function nameOf(document: Readonly<Record<string, unknown>>): string {
  if (typeof document["event_name"] === "string" && document["event_name"] !== "") return document["event_name"];
  const { body } = document as { body?: { text?: unknown } };
  return typeof body?.text === "string" ? body.text : "event";
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  event: css({
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    "&:last-child": { borderBottom: "none" },
  }),
  summary: css({
    display: "flex",
    alignItems: "baseline",
    gap: theme.spacing(2),
    padding: theme.spacing(1, 2),
    cursor: "pointer",
    "&:hover": { background: theme.colors.action.hover },
    "&::before": { content: '"▸"', color: theme.colors.text.secondary },
    "details[open] > &::before": { content: '"▾"' },
    "&::marker": { content: '""' },
  }),
  time: css({ whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums" }),
  name: css({ flex: 1, minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }),
  id: css({
    maxWidth: 160,
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    color: theme.colors.text.secondary,
    [theme.breakpoints.down("md")]: { display: "none" },
  }),
  document: css({ padding: theme.spacing(0, 2, 2) }),
});
