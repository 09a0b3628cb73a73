import { existsSync } from "node:fs";
import { join } from "node:path";

/** Asks at each call for the folder of the built console: `npm start` names it, and builds it while the worker runs. */
export function findConsole(environment: Readonly<Record<string, string | undefined>>): () => string | undefined {
  const folder = environment["VEDETTE_CONSOLE_FOLDER"];
  return () => (folder && existsSync(join(folder, "index.html")) ? folder : undefined);
}
