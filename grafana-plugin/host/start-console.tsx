import { EventBusSrv, type GrafanaConfig, locationUtil } from "@grafana/data";
import { initPluginTranslations } from "@grafana/i18n";
import * as runtime from "@grafana/runtime";
import { createRoot } from "react-dom/client";
import { setPluginPage } from "grafana-internal/PluginPage";
import { APP_ID } from "../src/app-settings.ts";
import { Console } from "./Console.tsx";
import { Page } from "./Page.tsx";
import { preloadIcons } from "./preload-icons.ts";
import type { ConsoleSession } from "./session.ts";
import { createWorkerBackendSrv } from "./worker-backend-srv.ts";

/** Puts in place what a plugin asks Grafana for, then renders the console. */
export async function startConsole(session: ConsoleSession | undefined): Promise<void> {
  runtime.setBackendSrv(createWorkerBackendSrv());
  runtime.setAppEvents(new EventBusSrv());
  runtime.setEchoSrv(new runtime.FakeEchoSrv());
  runtime.setPluginLinksHook(() => ({ links: [], isLoading: false }));
  runtime.setReturnToPreviousHook(() => () => {});
  locationUtil.initialize({
    config: runtime.config as unknown as GrafanaConfig,
    getTimeRangeForUrl: () => ({ from: "now-1h", to: "now" }),
    getVariablesUrlParams: () => ({}),
  });
  setPluginPage(Page);
  preloadIcons();
  await initPluginTranslations(APP_ID, []);
  const root = document.getElementById("reactRoot");
  if (root === null) throw new Error("The page has no element #reactRoot.");
  createRoot(root).render(<Console session={session} />);
}
