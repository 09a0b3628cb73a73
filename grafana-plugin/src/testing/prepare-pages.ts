import { initPluginTranslations } from "@grafana/i18n";
import { configure } from "@testing-library/react";
import { setPluginPage } from "grafana-internal/PluginPage";
import { Page } from "../../host/Page.tsx";
import { APP_ID } from "../app-settings.ts";

configure({
  // A busy machine may take its time over a render.
  asyncUtilTimeout: 15_000,
  // Asking each ancestor whether it is visible, and printing the whole page, would take most of a query's time.
  defaultHidden: true,
  getElementError: (message) =>
    Object.assign(new Error(message ?? "Not found"), { name: "TestingLibraryElementError" }),
});

// As published, PluginPage leaves out title and actions; a host sets the real one.
setPluginPage(Page);
await initPluginTranslations(APP_ID, []);
