import "./zod-without-eval.ts";
import { createClient } from "@vedette/api";
import { APP_ID } from "../app-settings.ts";
import { fetchThroughGrafana } from "./fetch-through-grafana.ts";

/** Where the app's plugin proxy reaches the worker. */
export const WORKER_PROXY = `/api/plugin-proxy/${APP_ID}/worker`;

/** The worker's API. */
export const worker = createClient({ baseUrl: WORKER_PROXY, fetch: fetchThroughGrafana });
