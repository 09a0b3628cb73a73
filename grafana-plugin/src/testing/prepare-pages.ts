import { initPluginTranslations } from "@grafana/i18n";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";
import { setPluginPage } from "grafana-internal/PluginPage";
import { Page } from "../../host/Page.tsx";
import { APP_ID } from "../app-settings.ts";

// A busy machine may take its time over a render; asking each ancestor whether it is visible takes most of a query.
configure({ asyncUtilTimeout: 15_000, defaultHidden: true });
// As published, PluginPage leaves out title and actions; a host sets the real one.
setPluginPage(Page);
await initPluginTranslations(APP_ID, []);
afterEach(cleanup);
