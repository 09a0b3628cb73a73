import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { ExampleProgram } from "./checkout.ts";

/** A program of the demo while it runs. */
export interface DemoChild extends AsyncDisposable {
  /** Resolves with the exit code, or with null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** The last lines that it wrote to standard error. */
  errors(): string;
}

/** Ends the child when our own process is gone without having said so: a preload in front of its program. */
const endWithParent = `data:text/javascript,${encodeURIComponent("process.on('disconnect',()=>process.exit());process.channel?.unref()")}`;

/** Milliseconds that a child has to end by itself once it was asked to. */
const GRACE = 4_000;

/** Starts an example; each line of its standard output goes to `onLine`. */
export function startChild(
  program: ExampleProgram,
  options: {
    readonly parameters?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly onLine: (line: string) => void;
  },
): DemoChild {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--import", endWithParent, ...program.arguments, ...(options.parameters ?? [])],
    {
      cwd: program.folder,
      // What the person has set for services of their own is not meant for the demo.
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("OTEL_"))),
        ...options.environment,
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // Ctrl-C reaches the whole group of a terminal: the demo ends its children itself, in order.
      detached: process.platform !== "win32",
    },
  );
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    errors = (errors + chunk).slice(-2_000);
  });
  if (child.stdout) createInterface({ input: child.stdout }).on("line", options.onLine);
  const ended = new Promise<number | null>((resolve) => {
    child.on("error", (error) => {
      errors += error.message;
      resolve(null);
    });
    child.on("close", (code) => resolve(code));
  });
  return {
    ended,
    errors: () => errors.trim(),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
      await ended;
      clearTimeout(timer);
    },
  };
}
