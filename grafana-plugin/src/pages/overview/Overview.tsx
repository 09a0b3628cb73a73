import { PluginPage } from "@grafana/runtime";
import { LinkButton } from "@grafana/ui";
import type { Status } from "@vedette/api";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { PATHS } from "../../app-paths.ts";
import { AlertTable } from "../../components/AlertTable.tsx";
import { Empty } from "../../components/Empty.tsx";
import { IncidentTable } from "../../components/IncidentTable.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Section } from "../../components/Section.tsx";
import { type Tile, Tiles } from "../../components/Tiles.tsx";
import { useNow } from "../../components/use-now.ts";
import { WorkerProblems } from "../../components/WorkerProblems.tsx";
import { formatRelative } from "../../format/time.ts";
import { count } from "../../format/words.ts";
import { detectorHealth } from "./detector-health.ts";
import { FirstSteps } from "./FirstSteps.tsx";

/** The landing page: is something going on, is the detector well, where to look first. */
export default function Overview() {
  const status = useWorker("status", (signal) => worker.getStatus({}, { signal }), {
    on: ["status", "alert", "incident"],
  });
  return (
    <PluginPage
      pageNav={{ text: "Overview" }}
      {...(status.data === undefined ? {} : { subTitle: <Health status={status.data} /> })}
    >
      <Loaded state={status} what="the overview">
        {(loaded) => <Content status={loaded} />}
      </Loaded>
    </PluginPage>
  );
}

function Health({ status }: { readonly status: Status }) {
  const now = useNow();
  const since = formatRelative(status.startedAt, now);
  return (
    <>
      {status.mode === "demo" ? "The demo" : "The worker"} (version {status.version}) started {since}, judged{" "}
      {count(status.eventsJudged, "event")} by {count(status.rules.loaded, "rule")}.
    </>
  );
}

function Content({ status }: { readonly status: Status }) {
  const blocks = useWorker("blocks", (signal) => worker.listDenyList({ query: { limit: 500 } }, { signal }), {
    on: ["deny_list"],
  });
  const incidents = useWorker("incidents", (signal) => worker.listIncidents({ query: { limit: 50 } }, { signal }), {
    on: ["incident"],
  });
  const alerts = useWorker(
    "alerts",
    (signal) => worker.listAlerts({ query: { status: "open", limit: 50 } }, { signal }),
    {
      on: ["alert"],
    },
  );
  const worst = (incidents.data?.items ?? [])
    .filter(({ status }) => status !== "closed")
    .toSorted((a, b) => SEVERITY_LEVELS.indexOf(b.severity) - SEVERITY_LEVELS.indexOf(a.severity))
    .slice(0, 5);
  const urgent = (alerts.data?.items ?? []).toSorted((a, b) => b.priority.score - a.priority.score).slice(0, 8);
  return (
    <>
      <WorkerProblems status={status} />
      <Tiles tiles={tilesOf(status, blocks.data?.items.filter(({ state }) => state === "in_force").length)} />
      {status.eventsJudged === 0 && <FirstSteps />}
      <Section
        title="Open incidents to look at first"
        flush
        actions={
          <LinkButton size="sm" variant="secondary" href={PATHS.incidents()}>
            All incidents
          </LinkButton>
        }
      >
        <Loaded state={incidents} what="incidents">
          {() =>
            worst.length === 0 ? <Empty icon="shield" title="No open incidents" /> : <IncidentTable incidents={worst} />
          }
        </Loaded>
      </Section>
      <Section
        title="Open alerts to look at first"
        flush
        actions={
          <LinkButton size="sm" variant="secondary" href={PATHS.alerts({ status: "open" })}>
            All open alerts
          </LinkButton>
        }
      >
        <Loaded state={alerts} what="alerts">
          {() =>
            urgent.length === 0 ? (
              <Empty icon="shield" title="No open alerts" />
            ) : (
              <AlertTable caption="Open alerts by priority" alerts={urgent} />
            )
          }
        </Loaded>
      </Section>
    </>
  );
}

function tilesOf(status: Status, blocked: number | undefined): Tile[] {
  const { incidents, alerts, sources, unmatched } = status;
  const { state, reasons } = detectorHealth(status, blocked);
  return [
    {
      label: "Open incidents",
      value: incidents.open.toLocaleString("en-US"),
      detail: `${incidents.total.toLocaleString("en-US")} in all`,
      icon: "fire",
      to: PATHS.incidents(),
      ...(incidents.open > 0 ? { tone: "alarm" } : {}),
    },
    {
      label: "Open alerts",
      value: alerts.open.toLocaleString("en-US"),
      detail: `${alerts.total.toLocaleString("en-US")} in all`,
      icon: "bell",
      to: PATHS.alerts({ status: "open" }),
      ...(alerts.open > 0 ? { tone: "alarm" } : {}),
    },
    {
      label: "Addresses blocked now",
      value: blocked?.toLocaleString("en-US") ?? "…",
      detail: `${count(status.guardClients, "guard")} connected`,
      icon: "ban",
      to: PATHS.denyList(),
    },
    {
      label: "Events judged",
      value: status.eventsJudged.toLocaleString("en-US"),
      detail: `${unmatched.count.toLocaleString("en-US")} matched no log source`,
      icon: "process",
      to: PATHS.status,
    },
    {
      label: "Detector",
      value: { healthy: "Healthy", warning: "Warning", broken: "Look here" }[state],
      detail: reasons.length === 0 ? count(sources.length, "source") : `${reasons.join("; ")}: see Status`,
      icon: "monitor",
      to: PATHS.status,
      tone: ({ healthy: "good", warning: "alarm", broken: "bad" } as const)[state],
    },
  ];
}
