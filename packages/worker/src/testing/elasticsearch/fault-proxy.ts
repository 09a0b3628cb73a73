import { createHash } from "node:crypto";
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { thinBulk, type BulkAnswer } from "./bulk-faults.ts";
import { FaultPicker, isBulk, isRefresh, type FaultRule, type RequestLine } from "./fault-rules.ts";
import { refusalOf } from "./refusals.ts";
import { allowsPartialResults, failShard, type SearchAnswer } from "./search-faults.ts";
import { seededRandom } from "./seeded-random.ts";

/** Old answers kept, to be given again. */
const REMEMBERED = 500;

/** A proxy in front of a node that hurts some of the requests that pass. Disposing of it closes it and its connections. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** Replaces the rules; none at the beginning. */
  setRules(rules: readonly FaultRule[]): void;
  /** From now on requests go to another node. */
  setTarget(url: string): void;
  /** Faults done so far by the names of their rules, and requests that passed. */
  counts(): { readonly requests: number; readonly faults: Readonly<Record<string, number>> };
}

/** What came from the node. */
interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What came from the client. */
interface Passing {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Starts a proxy on a free port (or a given one); the same seed and the same requests in the same order meet the same faults. */
export async function startFaultProxy(options: {
  readonly target: string;
  readonly seed: number;
  readonly port?: number;
}): Promise<FaultProxy> {
  const proxy = new Proxy(options.target, seededRandom(options.seed));
  const url = await proxy.listen(options.port ?? 0);
  return {
    url,
    setRules: (rules) => proxy.picker.set(rules),
    setTarget: (target) => (proxy.target = target),
    counts: () => ({ requests: proxy.requests, faults: Object.fromEntries(proxy.faults) }),
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

class Proxy {
  target: string;
  requests = 0;
  readonly faults = new Map<string, number>();
  readonly picker: FaultPicker;
  readonly #random: () => number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((incoming, outgoing) => {
    this.#handle(incoming, outgoing).catch((error: unknown) => {
      // The node is gone or answered nonsense: the client sees what it would see without a proxy.
      if (outgoing.headersSent) outgoing.destroy(error instanceof Error ? error : undefined);
      else incoming.socket.resetAndDestroy();
    });
  });
  readonly #sockets = new Set<Socket>();
  #refreshes = 0;
  readonly #remembered = new Map<string, Answer>();

  constructor(target: string, random: () => number) {
    this.target = target;
    this.#random = random;
    this.picker = new FaultPicker(random);
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.on("error", reject).listen(port, "127.0.0.1", resolve);
    });
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const { method = "GET", headers } = incoming;
    const passing: Passing = { method, url: new URL(incoming.url ?? "/", this.target), headers, body };
    const path = passing.url.pathname;
    this.requests += 1;
    const rule = this.picker.pick({ method, path });
    if (!rule) return send(outgoing, await this.#forward(passing));
    const count = (): void => {
      const name = rule.name ?? rule.fault.kind;
      this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
    };
    const { fault } = rule;
    switch (fault.kind) {
      case "delay": {
        count();
        const [from, to] = fault.milliseconds;
        await wait(from + this.#random() * (to - from));
        return send(outgoing, await this.#forward(passing));
      }
      case "reset":
        count();
        return void incoming.socket.resetAndDestroy();
      case "refuse":
        count();
        return send(outgoing, refusal(fault.status, { method, path }));
      case "lose-answer":
        count();
        await this.#forward(passing);
        return void incoming.socket.destroy();
      case "cut": {
        count();
        const answer = await this.#forward(passing);
        return cut(outgoing, answer, Math.floor(answer.body.length * this.#random()));
      }
      case "refuse-items": {
        const { answer, refused } = await this.#refuseItems(passing, fault.share);
        if (refused > 0) count();
        return send(outgoing, answer);
      }
      case "fail-shards": {
        const answer = await this.#forward(passing);
        if (answer.status !== 200) return send(outgoing, answer);
        count();
        const { status, body } = failShard(parse<SearchAnswer>(answer), allowsPartialResults(passing.url.searchParams));
        return send(outgoing, json(answer.headers, status, body));
      }
      case "stale": {
        const old = this.#remembered.get(keyOf(passing));
        if (!old) return send(outgoing, await this.#forward(passing));
        count();
        const { "x-opaque-id": own } = passing.headers;
        return send(outgoing, {
          ...old,
          headers: { ...old.headers, ...(own === undefined ? {} : { "x-opaque-id": own }) },
        });
      }
    }
  }

  async #forward(passing: Passing): Promise<Answer> {
    const { method, url } = passing;
    const path = url.pathname;
    const begun = this.#refreshes;
    const answer = await exchange(this.#agent, this.target, passing);
    // A copy that has been refreshed does not answer from before the refresh.
    if (isRefresh(path) || url.searchParams.has("refresh")) {
      this.#refreshes += 1;
      this.#remembered.clear();
    }
    const isFresh = begun === this.#refreshes;
    if (isFresh && answer.status === 200 && (method === "GET" || method === "POST") && !isBulk(path)) {
      this.#remembered.set(keyOf(passing), answer);
      const [oldest] = this.#remembered.keys();
      if (this.#remembered.size > REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    }
    return answer;
  }

  async #refuseItems(passing: Passing, share: number): Promise<{ answer: Answer; refused: number }> {
    const text = (passing.headers["content-encoding"] === "gzip" ? gunzipSync(passing.body) : passing.body).toString();
    const index = /^\/([^/]+)\/_bulk$/.exec(passing.url.pathname)?.[1];
    const thinned = thinBulk(text, index, () => this.#random() < share);
    if (thinned.refused === 0) return { answer: await this.#forward(passing), refused: 0 };
    if (thinned.body === "") {
      const none: BulkAnswer = { took: 0, errors: true, items: [] };
      return {
        answer: json(refusal(429, { method: "POST", path: "/_bulk" }).headers, 200, thinned.answer(none)),
        refused: thinned.refused,
      };
    }
    const { "content-encoding": _, ...headers } = passing.headers;
    const answer = await this.#forward({ ...passing, headers, body: Buffer.from(thinned.body) });
    if (answer.status !== 200) return { answer, refused: 0 };
    return {
      answer: json(answer.headers, 200, thinned.answer(parse<BulkAnswer>(answer))),
      refused: thinned.refused,
    };
  }
}

const keyOf = ({ method, url, body }: Passing): string =>
  createHash("sha256").update(`${method} ${url.pathname}${url.search}\n`).update(body).digest("hex");

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function exchange(agent: Agent, target: string, { method, url, headers, body }: Passing): Promise<Answer> {
  // Answers are read and changed here: they come uncompressed and in one piece.
  const { "accept-encoding": _, "transfer-encoding": __, connection: ___, host: ____, ...kept } = headers;
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(`${url.pathname}${url.search}`, target),
      { method, agent, headers: { ...kept, "content-length": body.length } },
      (response) => {
        readAll(response).then(
          (answer) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: answer }),
          reject,
        );
      },
    );
    sent.on("error", reject).end(body);
  });
}

function head(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  const { "transfer-encoding": _, "content-length": __, connection: ___, ...kept } = headers;
  outgoing.writeHead(status, { ...kept, "content-length": body.length });
}

function send(outgoing: ServerResponse, answer: Answer): void {
  head(outgoing, answer);
  outgoing.end(answer.body);
}

function cut(outgoing: ServerResponse, answer: Answer, after: number): void {
  head(outgoing, answer);
  outgoing.flushHeaders();
  outgoing.write(answer.body.subarray(0, after), () => outgoing.socket?.destroy());
}

const parse = <T>(answer: Answer): T => JSON.parse(answer.body.toString()) as T;

const json = (headers: IncomingHttpHeaders, status: number, body: object): Answer => ({
  status,
  headers,
  body: Buffer.from(JSON.stringify(body)),
});

const refusal = (status: 429 | 503, line: RequestLine): Answer =>
  json(
    { "x-elastic-product": "Elasticsearch", "content-type": "application/vnd.elasticsearch+json;compatible-with=9" },
    status,
    refusalOf(status, line),
  );
