import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundledNode, environment, root } from "../checkout.mjs";

const flags = ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning"];

/** Runs a TypeScript program of the repository from source with this terminal; resolves with its exit code. */
export async function runSource(path, args = []) {
  const child = spawn(bundledNode, [...flags, join(root, path), ...args], {
    cwd: root,
    env: environment(),
    stdio: "inherit",
  });
  return await new Promise((resolve, reject) => child.on("error", reject).on("close", (code) => resolve(code ?? 1)));
}

/** Runs the vedette command from source; gives its lines of output one by one and resolves with its exit code and errors. */
export async function vedette(args, onLine) {
  const child = spawn(bundledNode, [...flags, join(root, "packages/worker/src/cli/main.ts"), ...args], {
    cwd: root,
    env: environment({ NO_COLOR: "1" }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) onLine(line);
  return { code: await ended, errors };
}
