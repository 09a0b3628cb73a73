import { PluginPage } from "@grafana/runtime";
import { Button, LinkButton } from "@grafana/ui";
import { useSearchParams } from "react-router-dom";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { PATHS } from "../../app-paths.ts";
import { AlertTable } from "../../components/AlertTable.tsx";
import { Empty } from "../../components/Empty.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Pager } from "../../components/Pager.tsx";
import { Section } from "../../components/Section.tsx";
import { parseSort, printSort } from "../../components/sort-rows.ts";
import { AlertFilters } from "./AlertFilters.tsx";
import { FILTERS, readAlertQuery } from "./alert-filter.ts";

/** The list of alerts. */
export default function Alerts() {
  const [parameters, setParameters] = useSearchParams();
  const alerts = useWorker(
    parameters.toString(),
    (signal) => worker.listAlerts({ query: readAlertQuery(parameters, Date.now()) }, { signal }),
    { on: ["alert"] },
  );
  const rules = useWorker("rules", (signal) => worker.listRules({ query: { limit: 500 } }, { signal }), {
    on: [],
    every: 300_000,
  });
  const filtered = FILTERS.some((name) => parameters.has(name));
  return (
    <PluginPage
      pageNav={{ text: "Alerts" }}
      subTitle="What the rules found, one finding or several joined into one."
      actions={
        <Button variant="secondary" icon="sync" onClick={alerts.reload}>
          Refresh
        </Button>
      }
    >
      <AlertFilters rules={rules.data?.items ?? []} />
      <Loaded state={alerts} what="alerts">
        {({ items, total, nextCursor }) => (
          <Section title={filtered ? "Matching alerts" : "Alerts"} count={total} flush>
            {items.length === 0 ? (
              <NoAlerts filtered={filtered} />
            ) : (
              <AlertTable
                caption="Alerts"
                alerts={items}
                sort={parseSort(parameters.get("sort")) ?? { column: "time", descending: true }}
                onSort={(sort) =>
                  setParameters((before) => {
                    const after = new URLSearchParams(before);
                    after.set("sort", printSort(sort));
                    return after;
                  })
                }
              />
            )}
            <Pager shown={items.length} total={total} nextCursor={nextCursor} />
          </Section>
        )}
      </Loaded>
    </PluginPage>
  );
}

function NoAlerts({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <Empty icon="filter" title="No alert matches these filters">
        <LinkButton variant="secondary" href={PATHS.alerts()}>
          Show all alerts
        </LinkButton>
      </Empty>
    );
  }
  return (
    <Empty icon="shield" title="No alerts">
      No rule has found anything yet. <a href={PATHS.status}>Status</a> shows whether events arrive and whether rules
      look at them.
    </Empty>
  );
}
