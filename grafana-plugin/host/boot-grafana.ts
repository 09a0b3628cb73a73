import type { ColorMode } from "./color-mode.ts";
import type { ConsoleSession } from "./session.ts";

/** The role in Grafana that may do what a role of the worker may do. */
const grafanaRole = { reader: "Viewer", responder: "Editor", admin: "Admin" } as const;

/** Sets what Grafana's server would have written into the page. Runs before `@grafana/runtime` is imported. */
export function bootGrafana(session: ConsoleSession | undefined, mode: ColorMode): void {
  Object.assign(window, {
    __grafana_public_path__: "/public/",
    grafanaBootData: {
      assets: { dark: "", light: "" },
      navTree: [],
      user: {
        id: 1,
        login: session?.actor ?? "",
        name: session?.actor ?? "",
        orgId: 1,
        orgRole: session === undefined ? "Viewer" : grafanaRole[session.role],
        isSignedIn: session !== undefined,
        timezone: "browser",
        weekStart: "monday",
        locale: "en-US",
        language: "en-US",
        theme: mode,
        lightTheme: mode === "light",
        permissions: {},
      },
      settings: {
        appSubUrl: "",
        appUrl: `${location.origin}/`,
        buildInfo: { version: "13.2.2", env: "production", commit: "" },
        featureToggles: {},
        datasources: {},
        panels: {},
        apps: {},
      },
    },
  });
}
