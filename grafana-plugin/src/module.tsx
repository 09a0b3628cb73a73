import { AppPlugin, type AppRootProps } from "@grafana/data";
import { lazy, Suspense } from "react";
import type { AppSettings } from "./app-settings.ts";
import { Waiting } from "./components/Waiting.tsx";

const App = lazy(() => import("./App.tsx"));
const Configuration = lazy(() => import("./pages/configuration/Configuration.tsx"));

/** What Grafana, and the standalone console, load. */
export const plugin = new AppPlugin<AppSettings>()
  .setRootPage((props: AppRootProps<AppSettings>) => (
    <Suspense fallback={<Waiting />}>
      <App {...props} />
    </Suspense>
  ))
  .addConfigPage({
    title: "Configuration",
    icon: "cog",
    id: "configuration",
    body: (props) => (
      <Suspense fallback={<Waiting />}>
        <Configuration meta={props.plugin.meta} />
      </Suspense>
    ),
  });
