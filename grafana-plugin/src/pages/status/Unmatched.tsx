import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { Status } from "@vedette/api";
import { DocumentView } from "../../components/DocumentView.tsx";
import { Empty } from "../../components/Empty.tsx";
import { Section } from "../../components/Section.tsx";

/** Events that no rule looked at, with examples: what a mapping is missing for. */
export function Unmatched({ unmatched }: { readonly unmatched: Status["unmatched"] }) {
  const styles = useStyles2(getStyles);
  return (
    <Section title="Events that match no log source" count={unmatched.count}>
      {unmatched.count === 0 ? (
        <Empty icon="check-circle" title="Rules look at every event" />
      ) : (
        <div className={styles.examples}>
          <span className={styles.note}>
            No rule looked at these events, because nothing says which product, category and service they come from. For
            a file, set <code>logsource</code> on its source (<code>docs/collecting.md</code>,{" "}
            <code>docs/configuration.md</code>); logs by OTLP need <code>telemetry.sdk.language</code> or an event name
            of Vedette's (<code>docs/sigma.md</code>). Examples:
          </span>
          {unmatched.examples.map((example) => (
            <DocumentView key={JSON.stringify(example)} document={example} />
          ))}
        </div>
      )}
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  examples: css({ display: "flex", flexDirection: "column", gap: theme.spacing(2), pre: { maxHeight: 240 } }),
  note: css({ color: theme.colors.text.secondary }),
});
