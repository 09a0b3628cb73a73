import { AppPlugin, type AppRootProps } from "@grafana/data";
import { LoadingPlaceholder } from "@grafana/ui";
import { lazy, Suspense } from "react";
import type { AppSettings } from "./app-settings.ts";

const App = lazy(() => import("./App.tsx"));
const Configuration = lazy(() => import("./pages/configuration/Configuration.tsx"));

/** What Grafana, and the standalone console, load. */
export const plugin = new AppPlugin<AppSettings>()
  .setRootPage((props: AppRootProps<AppSettings>) => (
    <Suspense fallback={<LoadingPlaceholder text="Loading" />}>
      <App {...props} />
    </Suspense>
  ))
  .addConfigPage({
    title: "Configuration",
    icon: "cog",
    id: "configuration",
    body: (props) => (
      <Suspense fallback={<LoadingPlaceholder text="Loading" />}>
        <Configuration meta={props.plugin.meta} />
      </Suspense>
    ),
  });
