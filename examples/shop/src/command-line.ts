import { parseArgs } from "node:util";

/** Where the shop listens and keeps its data. */
export interface Command {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Path of an SQLite file, or `:memory:`. */
  readonly database: string;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP = `The Corner Shop: a small web shop that is watched by Vedette.

Usage: main [--port PORT] [--host ADDRESS] [--database FILE]

  --port PORT       where to listen (default 7380, or PORT of the environment; 0 lets the system choose)
  --host ADDRESS    address to listen on (default 127.0.0.1)
  --database FILE   keep accounts and orders in an SQLite file (default: in memory)
  --help            this text

With SHOP_READY_JSON=1 the line that says it is ready is JSON.
`;

/**
 * Reads the command line and the environment.
 *
 * @throws Error with a sentence for the user when an option is unknown or a port is none.
 */
export function readCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Command {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string" },
      host: { type: "string" },
      database: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const port = values.port ?? environment["PORT"] ?? "7380";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`The port "${port}" is no number from 0 to 65535.`);
  return {
    host: values.host ?? "127.0.0.1",
    port: Number(port),
    database: values.database ?? ":memory:",
    help: values.help ?? false,
  };
}
