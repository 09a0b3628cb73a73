import { config } from "@grafana/runtime";

/**
 * Whether the person may change things: an Editor or Admin of Grafana, whose writes the plugin proxy lets through. The standalone
 * console gives the roles of the worker these names. What the worker allows is the worker's to check; this only hides buttons.
 */
export function useMayRespond(): boolean {
  const { orgRole, isGrafanaAdmin } = config.bootData.user;
  return orgRole === "Admin" || orgRole === "Editor" || isGrafanaAdmin;
}
