import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server says to a request; `product` false leaves the header out by which Elasticsearch tells that it is one. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly product?: boolean;
}

/** One request that a server got. */
export interface SeenRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A local server that answers as a test says. Disposing of it closes it. */
export interface AnsweringServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: SeenRequest[];
}

/** Starts a server on a free port of this machine; `undefined` for an answer ends the connection without one. */
export const startAnsweringServer = async (
  answer: (request: SeenRequest) => ScriptedAnswer | undefined,
): Promise<AnsweringServer> => {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const one = {
        method: request.method ?? "",
        path: pathname,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(one);
      const given = answer(one);
      if (given === undefined) return void response.destroy();
      response.writeHead(given.status ?? 200, {
        "content-type": "application/json",
        ...(given.product === false ? {} : { "x-elastic-product": "Elasticsearch" }),
      });
      response.end(typeof given.body === "string" ? given.body : JSON.stringify(given.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
