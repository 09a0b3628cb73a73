import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { PluginPage } from "@grafana/runtime";
import { Text, TextLink, useStyles2 } from "@grafana/ui";
import type { AlertDetail } from "@vedette/api";
import { useParams } from "react-router-dom";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { PATHS } from "../../app-paths.ts";
import { EntityChips } from "../../components/EntityChips.tsx";
import { Facts } from "../../components/Facts.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Missing } from "../../components/Missing.tsx";
import { Moment } from "../../components/Moment.tsx";
import { Prose } from "../../components/Prose.tsx";
import { Section } from "../../components/Section.tsx";
import { SeverityBadge } from "../../components/SeverityBadge.tsx";
import { AlertStatusBadge } from "../../components/StatusBadge.tsx";
import { Techniques } from "../../components/Techniques.tsx";
import { formatSpan } from "../../format/time.ts";
import { CLOSE_REASON, count, sentenceCase } from "../../format/words.ts";
import { AlertActions } from "./AlertActions.tsx";
import { Events } from "./Events.tsx";
import { Findings } from "./Findings.tsx";
import { History } from "./History.tsx";
import { Priority } from "./Priority.tsx";

/** One alert: what happened, why it is an alert, what is behind it, and what to do with it. */
export default function Alert() {
  const { id = "" } = useParams();
  return <AlertById key={id} id={id} />;
}

function AlertById({ id }: { readonly id: string }) {
  const alert = useWorker(id, (signal) => worker.getAlert({ id }, { signal }), { on: ["alert"] });
  const { data } = alert;
  return (
    <PluginPage
      pageNav={{ text: data?.title ?? "Alert", parentItem: { text: "Alerts", url: PATHS.alerts() } }}
      {...(data === undefined
        ? {}
        : {
            subTitle: <Badges alert={data} />,
            actions: <AlertActions alert={data} onChanged={alert.replace} onConflict={alert.reload} />,
          })}
    >
      <Loaded
        state={alert}
        what="the alert"
        missing={<Missing what="alert" list={{ text: "All alerts", url: PATHS.alerts() }} />}
      >
        {(loaded) => <Content alert={loaded} />}
      </Loaded>
    </PluginPage>
  );
}

function Badges({ alert }: { readonly alert: AlertDetail }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.badges}>
      <SeverityBadge severity={alert.severity} />
      <AlertStatusBadge alert={alert} />
      {alert.closeReason !== undefined && <span>{CLOSE_REASON[alert.closeReason].label}</span>}
      <span>
        {count(alert.findingCount, "finding")} from {count(alert.eventCount, "event")}
        {alert.eventCount > 1 && ` ${formatSpan(alert.firstSeen, alert.lastSeen)}`}
      </span>
    </span>
  );
}

function Content({ alert }: { readonly alert: AlertDetail }) {
  const styles = useStyles2(getStyles);
  const values = alert.entities.map(({ value }) => value);
  return (
    <>
      {alert.mergedInto !== undefined && (
        <p>
          A late event showed that this is part of another alert:{" "}
          <TextLink href={PATHS.alert(alert.mergedInto)}>see the joined alert</TextLink>.
        </p>
      )}
      <div className={styles.columns}>
        <div className={styles.main}>
          <Section title="Why this is an alert">
            <div className={styles.why}>
              <Text element="p">
                <Prose text={alert.description || alert.title} />
              </Text>
              <Text element="p" color="secondary">
                Rule <TextLink href={PATHS.alerts({ rule: alert.rule.id })}>{alert.rule.title}</TextLink>, level{" "}
                {alert.rule.level}, revision <code>{alert.rule.revision.slice(0, 12)}</code>
              </Text>
            </div>
          </Section>
          <Findings alert={alert} />
          <Events events={alert.events} total={alert.eventCount} marked={values} />
        </div>
        <div className={styles.side}>
          <Section title="At a glance">
            <Facts
              items={[
                [
                  "Incident",
                  alert.incidentId === undefined ? undefined : (
                    <TextLink href={PATHS.incident(alert.incidentId)} icon="fire">
                      Open the incident
                    </TextLink>
                  ),
                ],
                ["Entities", <EntityChips key="entities" entities={alert.entities} />],
                ["First seen", <Moment key="first" at={alert.firstSeen} />],
                ["Last seen", <Moment key="last" at={alert.lastSeen} />],
                ["Tactics", alert.tactics.length === 0 ? undefined : alert.tactics.map(sentenceCase).join(", ")],
                [
                  "Techniques",
                  alert.techniques.length === 0 ? undefined : <Techniques key="ids" ids={alert.techniques} />,
                ],
                ["Assignee", alert.assignee ?? "nobody"],
                ["Kind", alert.kind],
                ["Joined by", <code key="key">{alert.suppressionKey}</code>],
              ]}
            />
          </Section>
          <Priority priority={alert.priority} />
          <History history={alert.history} />
        </div>
      </div>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  badges: css({ display: "flex", flexWrap: "wrap", alignItems: "center", gap: theme.spacing(1) }),
  columns: css({
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) minmax(300px, 380px)",
    gap: theme.spacing(2),
    alignItems: "start",
    [theme.breakpoints.down("lg")]: { gridTemplateColumns: "minmax(0, 1fr)" },
  }),
  main: css({ minWidth: 0 }),
  side: css({ minWidth: 0 }),
  why: css({ "p:last-child": { marginBottom: 0 } }),
});
