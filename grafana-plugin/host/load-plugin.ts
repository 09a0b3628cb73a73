import "systemjs/dist/system.js";
import "systemjs/dist/extras/amd.js";
import * as emotion from "@emotion/css";
import { type AppPlugin, type AppPluginMeta, PluginType } from "@grafana/data";
import * as data from "@grafana/data";
import * as runtime from "@grafana/runtime";
import * as ui from "@grafana/ui";
import * as react from "react";
import * as jsx from "react/jsx-runtime";
import * as reactDom from "react-dom";
import * as router from "react-router-dom-v5-compat";
import * as rxjs from "rxjs";
import { APP_ID, type AppSettings } from "../src/app-settings.ts";

/** The modules that Grafana shares with plugins and that this one uses. */
const shared: Readonly<Record<string, object>> = {
  react,
  "react/jsx-runtime": jsx,
  "react-dom": reactDom,
  "react-router": router,
  rxjs,
  "@emotion/css": emotion,
  "@grafana/data": data,
  "@grafana/runtime": runtime,
  "@grafana/ui": ui,
};

/** Loads the built plugin the way Grafana does: SystemJS, an AMD module, shared modules by name. */
export async function loadPlugin(): Promise<AppPlugin<AppSettings>> {
  const folder = `/public/plugins/${APP_ID}`;
  const imports: Record<string, string> = {};
  for (const [name, module] of Object.entries(shared)) {
    imports[name] = `shared:${name}`;
    System.set(`shared:${name}`, module);
  }
  System.addImportMap({ imports });
  const [meta, module] = await Promise.all([
    fetch(`${folder}/plugin.json`).then((response) => response.json() as Promise<AppPluginMeta<AppSettings>>),
    System.import(`${location.origin}${folder}/module.js`),
  ]);
  const { plugin } = module as { plugin: AppPlugin<AppSettings> };
  plugin.meta = {
    ...meta,
    type: PluginType.app,
    enabled: true,
    module: `${folder}/module.js`,
    baseUrl: folder,
    jsonData: { standalone: true },
  };
  plugin.init(plugin.meta);
  return plugin;
}
