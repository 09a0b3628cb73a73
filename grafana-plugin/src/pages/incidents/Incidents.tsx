import { PluginPage } from "@grafana/runtime";
import { Button, Combobox, LinkButton, Stack } from "@grafana/ui";
import { incidentStatusSchema } from "@vedette/api";
import { useSearchParams } from "react-router-dom";
import { useWorker } from "../../api/use-worker.ts";
import { worker } from "../../api/worker.ts";
import { PATHS } from "../../app-paths.ts";
import { Empty } from "../../components/Empty.tsx";
import { IncidentTable } from "../../components/IncidentTable.tsx";
import { Loaded } from "../../components/Loaded.tsx";
import { Pager } from "../../components/Pager.tsx";
import { Section } from "../../components/Section.tsx";
import { parseSort, printSort } from "../../components/sort-rows.ts";
import { withParameter } from "../../components/with-parameter.ts";
import { INCIDENT_STATUS } from "../../format/words.ts";

const statuses = incidentStatusSchema.options.map((value) => ({ value, ...INCIDENT_STATUS[value] }));

/** The list of incidents. */
export default function Incidents() {
  const [parameters, setParameters] = useSearchParams();
  const status = incidentStatusSchema.safeParse(parameters.get("status")).data;
  const entity = parameters.get("entity") ?? undefined;
  const cursor = parameters.get("cursor") ?? undefined;
  const incidents = useWorker(
    parameters.toString(),
    (signal) => worker.listIncidents({ query: { status, entity, cursor } }, { signal }),
    { on: ["incident"] },
  );
  const filtered = status !== undefined || entity !== undefined;
  return (
    <PluginPage
      pageNav={{ text: "Incidents" }}
      subTitle="Alerts that belong together: the same attacker, the same time, one story."
      actions={
        <Button variant="secondary" icon="sync" onClick={incidents.reload}>
          Refresh
        </Button>
      }
    >
      <Stack gap={1} alignItems="center">
        <Combobox
          aria-label="Status"
          placeholder="Any status"
          width={24}
          isClearable
          options={statuses}
          value={status ?? null}
          onChange={(option) => setParameters((before) => withParameter(before, "status", option?.value))}
        />
        {entity !== undefined && (
          <Button
            variant="secondary"
            icon="times"
            onClick={() => setParameters((before) => withParameter(before, "entity", null))}
          >
            {entity}
          </Button>
        )}
      </Stack>
      <div style={{ height: 16 }} />
      <Loaded state={incidents} what="incidents">
        {({ items, total, nextCursor }) => (
          <Section title={filtered ? "Matching incidents" : "Incidents"} count={total} flush>
            {items.length > 0 ? (
              <IncidentTable
                incidents={items}
                sort={parseSort(parameters.get("sort")) ?? { column: "time", descending: true }}
                onSort={(sort) =>
                  setParameters((before) => {
                    const after = new URLSearchParams(before);
                    after.set("sort", printSort(sort));
                    return after;
                  })
                }
              />
            ) : filtered ? (
              <Empty icon="filter" title="No incident matches">
                <LinkButton variant="secondary" href={PATHS.incidents()}>
                  Show all incidents
                </LinkButton>
              </Empty>
            ) : (
              <Empty icon="shield" title="No incidents">
                Alerts that share an address, a user or another entity within a short time become one incident here.
              </Empty>
            )}
            <Pager shown={items.length} total={total} nextCursor={nextCursor} />
          </Section>
        )}
      </Loaded>
    </PluginPage>
  );
}
