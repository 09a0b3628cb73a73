import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import type { Target } from "./target.ts";

/** One request of a client. */
export interface Outgoing {
  readonly method?: "GET" | "POST";
  /** Path and query as they go over the wire: nothing is normalised. */
  readonly path: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer to a request; status 0 when none came. */
export interface Answer {
  readonly status: number;
  /** The first 64 KiB. */
  readonly body: string;
}

/** Somebody with an address, a browser and a cookie. */
export interface Client {
  readonly address: string;
  send(request: Outgoing): Promise<Answer>;
  /** Throws the cookie away. */
  forgetCookie(): void;
  close(): void;
}

/** What a client needs. */
export interface ClientOptions {
  readonly target: Target;
  /** Loopback address to send from, e.g. `127.0.0.11`. */
  readonly address: string;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Called before each request; false means that the campaign's requests are used up, and the request is not sent. */
  readonly admit: () => boolean;
}

const TIMEOUT = 10_000;
const BODY_LIMIT = 65_536;

/** Makes a client that sends from its own address and keeps the cookies it is given. */
export function createClient({ target, address, userAgent, signal, admit }: ClientOptions): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 2, localAddress: address });
  const cookies = new Map<string, string>();
  return {
    address,
    forgetCookie: () => cookies.clear(),
    close: () => agent.destroy(),
    send({ method = "GET", path, form, json, headers = {} }) {
      if (signal.aborted || !admit()) return Promise.resolve({ status: 0, body: "" });
      const body =
        form !== undefined
          ? new URLSearchParams(form).toString()
          : json !== undefined
            ? JSON.stringify(json)
            : undefined;
      const all: Record<string, string> = { "user-agent": userAgent, ...headers };
      if (cookies.size > 0) all["cookie"] = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      if (body !== undefined) {
        all["content-type"] = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
        all["content-length"] = String(Buffer.byteLength(body));
      }
      return new Promise((resolve) => {
        const noAnswer = (): void => resolve({ status: 0, body: "" });
        const outgoing = httpRequest(
          { ...target, agent, method, path, headers: all, timeout: TIMEOUT, signal },
          (incoming) => {
            keepCookies(incoming, cookies);
            let text = "";
            incoming.setEncoding("utf8");
            incoming.on("data", (chunk: string) => {
              if (text.length < BODY_LIMIT) text += chunk.slice(0, BODY_LIMIT - text.length);
            });
            incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body: text }));
            incoming.on("error", noAnswer);
          },
        );
        outgoing.on("timeout", () => outgoing.destroy());
        outgoing.on("error", noAnswer);
        outgoing.end(body);
      });
    },
  };
}

function keepCookies(incoming: IncomingMessage, cookies: Map<string, string>): void {
  for (const line of incoming.headers["set-cookie"] ?? []) {
    const match = /^([^=;\s]+)=([^;]*)(.*)$/.exec(line);
    const name = match?.[1];
    if (match === null || name === undefined) continue;
    const gone = match[2] === "" || /expires=Thu, 01 Jan 1970|max-age=0/i.test(match[3] ?? "");
    if (gone) cookies.delete(name);
    else cookies.set(name, match[2] ?? "");
  }
}
