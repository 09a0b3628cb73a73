import "../src/api/zod-without-eval.ts";
import { bootGrafana } from "./boot-grafana.ts";
import { readSession } from "./session.ts";
import { initialMode } from "./color-mode.ts";

// @grafana/runtime reads window.grafanaBootData when it is first evaluated, so everything that imports it comes after.
const session = await readSession();
bootGrafana(session, initialMode());
const { startConsole } = await import("./start-console.tsx");
await startConsole(session);
