import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { PluginPage } from "@grafana/runtime";
import { TextLink, useStyles2 } from "@grafana/ui";
import type { IncidentDetail } from "@vedette/api";
import { useParams } from "react-router-dom";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { PATHS } from "../../app-paths.ts";
import { AlertTable } from "../../components/AlertTable.tsx";
import { EntityChips } from "../../components/EntityChips.tsx";
import { Facts } from "../../components/Facts.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Missing } from "../../components/Missing.tsx";
import { Moment } from "../../components/Moment.tsx";
import { Prose } from "../../components/Prose.tsx";
import { Section } from "../../components/Section.tsx";
import { SeverityBadge } from "../../components/SeverityBadge.tsx";
import { IncidentStatusBadge } from "../../components/StatusBadge.tsx";
import { Techniques } from "../../components/Techniques.tsx";
import { formatSpan } from "../../format/time.ts";
import { count, sentenceCase } from "../../format/words.ts";
import { Blocks } from "./Blocks.tsx";
import { ChangeIncident } from "./ChangeIncident.tsx";
import { Timeline } from "./Timeline.tsx";

/** One incident: the whole story, why it is one, and what was done about it. */
export default function Incident() {
  const { id = "" } = useParams();
  return <IncidentById key={id} id={id} />;
}

function IncidentById({ id }: { readonly id: string }) {
  const incident = useWorker(id, (signal) => worker.getIncident({ id }, { signal }), {
    on: ["incident", "alert", "deny_list"],
  });
  const { data } = incident;
  return (
    <PluginPage
      pageNav={{ text: data?.title ?? "Incident", parentItem: { text: "Incidents", url: PATHS.incidents() } }}
      {...(data === undefined
        ? {}
        : {
            subTitle: <Badges incident={data} />,
            actions: <ChangeIncident incident={data} onChanged={incident.replace} onConflict={incident.reload} />,
          })}
    >
      <Loaded
        state={incident}
        what="the incident"
        missing={<Missing what="incident" list={{ text: "All incidents", url: PATHS.incidents() }} />}
      >
        {(loaded) => <Content incident={loaded} onChanged={incident.reload} />}
      </Loaded>
    </PluginPage>
  );
}

function Badges({ incident }: { readonly incident: IncidentDetail }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.badges}>
      <SeverityBadge severity={incident.severity} />
      <IncidentStatusBadge status={incident.status} />
      <span>
        {count(incident.alerts.length, "alert")}
        {incident.alerts.length > 1 && ` ${formatSpan(incident.firstSeen, incident.lastSeen)}`}
      </span>
    </span>
  );
}

function Content({ incident, onChanged }: { readonly incident: IncidentDetail; readonly onChanged: () => void }) {
  const styles = useStyles2(getStyles);
  const { alerts, reasons, mergedInto } = incident;
  return (
    <>
      {mergedInto !== undefined && (
        <p>
          A late event showed that this is part of another incident:{" "}
          <TextLink href={PATHS.incident(mergedInto)}>see the joined incident</TextLink>.
        </p>
      )}
      <div className={styles.columns}>
        <div className={styles.main}>
          <Timeline rows={incident.timeline} />
          <Section title="Alerts" count={alerts.length} flush>
            <AlertTable caption="Alerts of the incident" alerts={alerts} compact />
          </Section>
        </div>
        <div className={styles.side}>
          <Blocks actions={incident.actions} incident={incident} onChanged={onChanged} />
          <Section title="Why these alerts are together">
            <ul className={styles.reasons}>
              {reasons.map((reason) => (
                <li key={reason}>
                  <Prose text={reason} />
                </li>
              ))}
            </ul>
            {reasons.length === 0 && "There is a single alert so far."}
          </Section>
          <Section title="At a glance">
            <Facts
              items={[
                ["Entities", <EntityChips key="entities" entities={incident.entities} />],
                ["First seen", <Moment key="first" at={incident.firstSeen} />],
                ["Last seen", <Moment key="last" at={incident.lastSeen} />],
                ["Opened", <Moment key="opened" at={incident.openedAt} />],
                ["Tactics", incident.tactics.length === 0 ? undefined : incident.tactics.map(sentenceCase).join(", ")],
                [
                  "Techniques",
                  incident.techniques.length === 0 ? undefined : <Techniques key="ids" ids={incident.techniques} />,
                ],
              ]}
            />
          </Section>
        </div>
      </div>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  badges: css({ display: "flex", flexWrap: "wrap", alignItems: "center", gap: theme.spacing(1) }),
  columns: css({
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) minmax(320px, 400px)",
    gap: theme.spacing(2),
    alignItems: "start",
    [theme.breakpoints.down("lg")]: { gridTemplateColumns: "minmax(0, 1fr)" },
  }),
  main: css({ minWidth: 0 }),
  side: css({ minWidth: 0 }),
  reasons: css({ margin: 0, paddingLeft: theme.spacing(2), li: { overflowWrap: "anywhere" } }),
});
