/** Id of the app, in URLs and towards Grafana. */
export const APP_ID = "vedette-security-app";

/** Where the app's pages begin. */
export const APP_ROOT = `/a/${APP_ID}`;

/** What an administrator of Grafana sets (`jsonData`). */
export interface AppSettings {
  /** Origin of the worker's API listener, without a slash at the end. */
  readonly workerUrl?: string;
  /** Set by the standalone console, where there is no Grafana to configure. */
  readonly standalone?: boolean;
}
