// What the other scripts need to know of the checkout they run in.
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The Node of the devDependency: what every command of the project runs on. */
export const bundledNode = join(
  root,
  "node_modules",
  "node",
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** Folder of the labelled data and references, if there is one beside the checkout (or where VEDETTE_SHARED says). */
export const sharedFolder = () => {
  const folder = process.env.VEDETTE_SHARED ?? join(root, "..", "shared");
  return existsSync(join(folder, "data")) ? folder : undefined;
};

/** Environment for child processes: the bundled Node and the repository's tools come first in PATH. */
export const environment = (extra = {}) => ({
  ...process.env,
  PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`,
  DO_NOT_TRACK: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  ...extra,
});

/** Ends with one clear sentence when set-up has not run (npm skips pre-scripts when its ignore-scripts is set). */
export const requireSetup = (command) => {
  if (existsSync(bundledNode) && existsSync(join(root, "node_modules", ".vedette-setup.json"))) return;
  console.error(
    `vedette: set-up has not run, most likely because npm's "ignore-scripts" is set: run "npm config set ignore-scripts false", then "${command}" again.`,
  );
  process.exit(1);
};
