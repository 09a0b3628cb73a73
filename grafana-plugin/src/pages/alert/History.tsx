import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { AlertDetail } from "@vedette/api";
import { Moment } from "../../components/Moment.tsx";
import { Section } from "../../components/Section.tsx";
import { describeChange } from "../../format/describe-change.ts";

/** Who changed what, the latest first. */
export function History({ history }: { readonly history: AlertDetail["history"] }) {
  const styles = useStyles2(getStyles);
  return (
    <Section title="History">
      <ol className={styles.list}>
        {history.toReversed().map(({ time, actor, change, note }) => (
          <li key={`${time} ${actor} ${change}`}>
            <span>{describeChange(change)}</span>
            {note !== undefined && note !== "" && <blockquote className={styles.note}>{note}</blockquote>}
            <span className={styles.by}>
              {actor} · <Moment at={time} inline />
            </span>
          </li>
        ))}
      </ol>
      {history.length === 0 && <span className={styles.by}>Nobody has changed anything yet.</span>}
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    display: "flex",
    flexDirection: "column",
    gap: theme.spacing(1.5),
    margin: 0,
    listStyle: "none",
    li: {
      display: "flex",
      flexDirection: "column",
      paddingLeft: theme.spacing(1.5),
      borderLeft: `2px solid ${theme.colors.border.medium}`,
    },
  }),
  note: css({
    margin: theme.spacing(0.5, 0),
    padding: 0,
    border: "none",
    color: theme.colors.text.primary,
    fontStyle: "italic",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  }),
  by: css({
    display: "flex",
    flexWrap: "wrap",
    gap: theme.spacing(0.5),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
