import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROUTES } from "@vedette/api";
import { expect, it } from "vitest";
import { WORKER_PROXY } from "./api/worker.ts";
import { APP_ID } from "./app-settings.ts";

interface PluginRoute {
  readonly path: string;
  readonly method: string;
  readonly url: string;
  readonly reqRole: string;
  readonly headers: readonly { readonly name: string; readonly content: string }[];
}
const meta = JSON.parse(readFileSync(join(import.meta.dirname, "plugin.json"), "utf8")) as {
  id: string;
  routes: readonly PluginRoute[];
  includes: readonly { name: string; path: string; icon: string }[];
};

it("has the id that addresses and requests use", () => {
  expect(meta.id).toBe(APP_ID);
  expect(WORKER_PROXY).toBe(`/api/plugin-proxy/${meta.id}/worker`);
});

it.each(Object.entries(ROUTES))(
  "lets %s through the proxy with the right role and token",
  (_, { method, path, role }) => {
    // As Grafana does it: the first route whose path and verb fit; what follows the prefix is put behind the route's address.
    const asked = `worker${path}`;
    const route = meta.routes.find(
      (candidate) => candidate.method === method && asked.startsWith(candidate.path.slice(0, -1)),
    );
    expect(route?.path.endsWith("/*")).toBe(true);
    const address = `${route?.url.replace("{{ .JsonData.workerUrl }}", "http://worker")}/${asked.slice((route?.path.length ?? 0) - 1)}`;
    expect(address).toBe(`http://worker${path}`);
    expect(route?.reqRole).toBe(role === "responder" ? "Editor" : "Viewer");
    const token = role === "responder" ? "writeToken" : "readToken";
    expect(route?.headers).toEqual([{ name: "Authorization", content: `Bearer {{ .SecureJsonData.${token} }}` }]);
  },
);

it("lets nobody write as a viewer, and reaches nothing but the API", () => {
  for (const { method, path, reqRole } of meta.routes) {
    expect(path).toBe("worker/api/v1/*");
    expect(method === "GET" || reqRole !== "Viewer").toBe(true);
  }
});

it("uses icons that Grafana has", () => {
  const icons = join(
    import.meta.dirname,
    "..",
    "..",
    "node_modules",
    "@grafana",
    "ui",
    "dist",
    "public",
    "img",
    "icons",
    "unicons",
  );
  for (const { icon } of meta.includes) expect(existsSync(join(icons, `${icon}.svg`)), icon).toBe(true);
});
