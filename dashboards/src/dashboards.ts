import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { elasticsearchDashboard } from "./elasticsearch.ts";
import { overviewDashboard } from "./overview.ts";

/** Every dashboard: the file its JSON is kept in (checked against drift) and the function that builds it. */
export const DASHBOARDS: readonly { readonly file: string; readonly build: () => Dashboard }[] = [
  { file: "vedette-overview.json", build: overviewDashboard },
  { file: "vedette-elasticsearch.json", build: elasticsearchDashboard },
];
