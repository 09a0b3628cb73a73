import { createClient } from "@vedette/api";
import { z } from "zod";
import { APP_ID } from "../app-settings.ts";
import { fetchThroughGrafana } from "./fetch-through-grafana.ts";

// zod would compile its schemas with `new Function`, which a strict content security policy reports as an attack.
z.config({ jitless: true });

/** Where the app's plugin proxy reaches the worker. */
export const WORKER_PROXY = `/api/plugin-proxy/${APP_ID}/worker`;

/** The worker's API. */
export const worker = createClient({ baseUrl: WORKER_PROXY, fetch: fetchThroughGrafana });
