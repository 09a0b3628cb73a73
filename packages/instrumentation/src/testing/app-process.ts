import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An application that a test started. */
export interface AppProcess {
  readonly child: ChildProcess;
  /** Standard output so far. */
  output(): string;
  /** Standard error so far. */
  errors(): string;
  readonly ended: Promise<ProcessEnd>;
}

/** The flag that instruments an application. */
export const REGISTER = ["--import", "@vedette/instrumentation/register"] as const;

const packageFolder = resolve(import.meta.dirname, "../..");

/**
 * Starts a script with the package's own sources, in an environment without settings of the test runner's.
 *
 * @param command Absolute path of the script, and its arguments.
 * @param before Flags of node before the script.
 */
export function startProcess(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  before: readonly string[] = [],
): AppProcess {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:OTEL|VEDETTE|NODE_OPTIONS|VITEST|NODE_ENV)/.test(name)),
  );
  const child = spawn(
    process.execPath,
    ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning", ...before, ...command],
    { cwd: packageFolder, env: { ...inherited, ...environment }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  const { promise: ended, resolve: end } = Promise.withResolvers<ProcessEnd>();
  child.on("close", (code, signal) => end({ code, signal }));
  return { child, output: () => output, errors: () => errors, ended };
}
