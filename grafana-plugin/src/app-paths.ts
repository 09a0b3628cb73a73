import { APP_ROOT } from "./app-settings.ts";

/** Query parameters of a page; undefined and empty ones are left out. */
type Query = Readonly<Record<string, string | undefined>>;

const withQuery = (path: string, query: Query = {}) => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
};

/** Addresses of the app's pages. */
export const PATHS = {
  overview: `${APP_ROOT}/overview`,
  alerts: (query?: Query) => withQuery(`${APP_ROOT}/alerts`, query),
  alert: (id: string) => `${APP_ROOT}/alerts/${encodeURIComponent(id)}`,
  incidents: (query?: Query) => withQuery(`${APP_ROOT}/incidents`, query),
  incident: (id: string) => `${APP_ROOT}/incidents/${encodeURIComponent(id)}`,
  denyList: (query?: Query) => withQuery(`${APP_ROOT}/deny-list`, query),
  status: `${APP_ROOT}/status`,
} as const;
