import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import { Section } from "../../components/Section.tsx";

/** What to do while no event has arrived. */
export function FirstSteps() {
  const styles = useStyles2(getStyles);
  return (
    <Section title="No event has arrived yet: first steps">
      <ol className={styles.steps}>
        <li>
          <strong>Instrument a Node.js service.</strong> It then sends security events to the worker by OTLP:
          <code>node --import @vedette/instrumentation/register app.js</code>
        </li>
        <li>
          <strong>Or send logs that you have already.</strong> Point an OpenTelemetry exporter (OTLP over HTTP) at the
          worker's OTLP listener:
          <code>OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318</code>
        </li>
        <li>
          <strong>Or watch it work first.</strong> The demo attacks a sample shop on this machine and shows what comes
          of it:
          <code>npm start</code> in a folder without a vedette.yaml.
        </li>
      </ol>
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  steps: css({
    margin: 0,
    paddingLeft: theme.spacing(2.5),
    display: "flex",
    flexDirection: "column",
    gap: theme.spacing(1.5),
    strong: { fontWeight: theme.typography.fontWeightMedium },
    code: { marginLeft: theme.spacing(1) },
  }),
});
