import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock, HttpRequest, HttpResponse, Log, Network, Ports, Timers } from "./ports.ts";

/** Longest wait that the platform's timers can make at once. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Most bytes of an answer that are read: the services asked answer with a line or two. */
const ANSWER_LIMIT = 1024 * 1024;

const clock: Clock = { now: () => Date.now() };

/** Milliseconds since some moment in the past, by a clock that nobody sets: for how long something took, never for when it was. */
export const steadyClock: Clock = { now: () => performance.now() };

/** The machine's timers. */
export const machineTimers: Timers = {
  async sleep(milliseconds, signal) {
    try {
      await wait(Math.min(Math.max(0, milliseconds), LONGEST_WAIT), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  },
};

async function readLimited(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_LIMIT) throw new Error(`the answer is longer than ${ANSWER_LIMIT} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

const network: Network = {
  async request(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> {
    const timeout = AbortSignal.timeout(request.timeout);
    const response = await fetch(request.url, {
      method: request.method,
      // A redirect could carry the token to a host that nobody configured.
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      ...(request.headers === undefined ? {} : { headers: request.headers }),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    return { status: response.status, body: await readLimited(response) };
  },
};

/** The ports of production: the machine's clock, timers, randomness and network. */
export function createNodePorts(log: Log): Ports {
  return { clock, timers: machineTimers, random: { bytes: (count) => randomBytes(count) }, network, log };
}
