import { isIPv4 } from "node:net";

/** Where a campaign is sent: always this machine. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** The target is not one that this program may touch. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

/**
 * Reads a target such as `http://127.0.0.1:7380`.
 *
 * @throws TargetError when it is anything but plain HTTP to an IPv4 loopback address. Names are refused even if they lead there today, `localhost` excepted.
 */
export function parseTarget(text: string): Target {
  if (!URL.canParse(text)) throw new TargetError(`"${text}" is no URL. Give one such as http://127.0.0.1:7380.`);
  const url = new URL(text);
  const host = url.hostname === "localhost" ? "127.0.0.1" : url.hostname;
  if (url.protocol !== "http:")
    throw new TargetError(
      `"${text}" is not plain HTTP. This program attacks an example on the same machine, nothing else.`,
    );
  if (!isIPv4(host) || !host.startsWith("127.")) {
    throw new TargetError(
      `"${url.hostname}" is not a loopback address. This program attacks an example on the same machine, nothing else.`,
    );
  }
  if (url.pathname !== "/" || url.search !== "" || url.username !== "")
    throw new TargetError(`"${text}" has more than an address and a port. Give one such as http://127.0.0.1:7380.`);
  return { host, port: url.port === "" ? 80 : Number(url.port) };
}
