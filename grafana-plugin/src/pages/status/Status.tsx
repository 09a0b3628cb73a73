import { PluginPage } from "@grafana/runtime";
import type { ProblemInFile, Status as WorkerStatus } from "@vedette/api";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { DataTable } from "../../components/DataTable.tsx";
import { Facts } from "../../components/Facts.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Moment } from "../../components/Moment.tsx";
import { Prose } from "../../components/Prose.tsx";
import { Section } from "../../components/Section.tsx";
import type { Column } from "../../components/sort-rows.ts";
import { WorkerProblems } from "../../components/WorkerProblems.tsx";
import { count } from "../../format/words.ts";
import { Cluster } from "./Cluster.tsx";
import { Refused } from "./Refused.tsx";
import { Sources } from "./Sources.tsx";
import { Unmatched } from "./Unmatched.tsx";

/** What the worker takes in, what it could not take, and what no rule looked at. */
export default function Status() {
  const status = useWorker("status", (signal) => worker.getStatus({}, { signal }), { on: ["status"], every: 5_000 });
  return (
    <PluginPage
      pageNav={{ text: "Status" }}
      subTitle="What arrives, what is done with it, and what could not be taken. Nothing is dropped in silence."
    >
      <Loaded state={status} what="the status">
        {(loaded) => <Content status={loaded} />}
      </Loaded>
    </PluginPage>
  );
}

function Content({ status }: { readonly status: WorkerStatus }) {
  const { rules } = status;
  return (
    <>
      <WorkerProblems status={status} />
      <Sources sources={status.sources} />
      <Section title="Worker">
        <Facts
          items={[
            ["Ready", status.ready ? "yes" : "no"],
            ["Version", status.version],
            ["Started", <Moment key="started" at={status.startedAt} inline />],
            ["Events judged", status.eventsJudged.toLocaleString("en-US")],
            ["Waiting to be judged", status.inboxPending.toLocaleString("en-US")],
            [
              "Judged up to",
              status.newestEvent === undefined ? undefined : (
                <Moment key="newestEvent" at={status.newestEvent} inline />
              ),
              "The time of the newest event that was judged. When no event arrives, it stays where it is.",
            ],
            [
              "Nothing changes any more before",
              status.watermark === undefined ? undefined : <Moment key="watermark" at={status.watermark} inline />,
              "The watermark: the newest event of the source that is furthest behind, less the lateness that is allowed (detector.lateness, one hour unless configured). It trails by design: older events come too late to take part in correlations. A backlog shows under “Waiting to be judged”.",
            ],
            [
              "Rules",
              `${rules.loaded.toLocaleString("en-US")} loaded, ${rules.refused.toLocaleString("en-US")} refused`,
            ],
            ["Notifications and actions waiting", status.effectsPending.toLocaleString("en-US")],
            [
              "Guards",
              `${count(status.guardClients, "service")} connected${status.guardClients === 0 ? ": nothing blocks the addresses on the deny list" : ""}`,
            ],
          ]}
        />
      </Section>
      {status.elasticsearch !== undefined && <Cluster cluster={status.elasticsearch} />}
      {rules.problems.length > 0 && (
        <Section title="Problems in rule files" count={rules.problems.length} flush>
          <DataTable
            caption="Problems in rule files"
            columns={problemColumns}
            rows={rules.problems}
            rowKey={({ path, line, column, code }) => `${path} ${line} ${column} ${code}`}
          />
        </Section>
      )}
      <Unmatched unmatched={status.unmatched} />
      <Refused />
    </>
  );
}

const problemColumns: readonly Column<ProblemInFile>[] = [
  { id: "severity", header: "", width: 90, cell: ({ severity }) => (severity === "error" ? "Refused" : "Warning") },
  {
    id: "where",
    header: "Where",
    width: "32%",
    cell: ({ path, line, column }) => (
      <code>{[path, line, column].filter((part) => part !== undefined).join(":")}</code>
    ),
  },
  {
    id: "what",
    header: "What is wrong",
    cell: ({ message, suggestion }) => (
      <>
        <Prose text={message} />
        {suggestion !== undefined && (
          <div>
            <Prose text={suggestion} />
          </div>
        )}
      </>
    ),
  },
  { id: "code", header: "Code", width: 200, cell: ({ code }) => <code>{code}</code> },
];
