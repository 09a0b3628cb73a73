import { once } from "node:events";
import * as http from "node:http";
import * as http2 from "node:http2";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { currentRequest } from "./current-request.ts";
import { onRequestEnd } from "./request-end.ts";
import { startObservedService, type ObservedService } from "./testing/observed-service.ts";
import { close, listen, until } from "./testing/requests.ts";

let service: ObservedService;
let ends: (number | undefined)[];
beforeEach(async () => {
  service = await startObservedService();
  ends = [];
});
afterEach(() => service.stop());

function watchEnd(): void {
  const state = currentRequest.getStore();
  if (state !== undefined) onRequestEnd(state, (status) => ends.push(status));
}

describe("the end of a request", () => {
  it("is told once to everybody who asked, with the status that was answered", async () => {
    service.handle((_request, response) => {
      watchEnd();
      response.writeHead(403).end();
      expect(ends).toEqual([]);
      watchEnd();
    });
    await service.ask();
    expect(ends).toEqual([403, 403]);
  });

  it("is told for each request of a connection that goes on", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let status = 200;
    service.handle((_request, response) => {
      watchEnd();
      response.writeHead(status++).end();
    });
    for (let index = 0; index < 3; index++) await service.ask("/", { agent });
    agent.destroy();
    expect(ends).toEqual([200, 201, 202]);
  });

  it("is told of streams of HTTP/2, answered or not", async () => {
    const server = http2.createServer((request, response) => {
      watchEnd();
      if (request.url === "/answered") response.writeHead(401).end();
      else response.stream.close(http2.constants.NGHTTP2_CANCEL);
    });
    const session = http2.connect(`http://127.0.0.1:${await listen(server)}`);
    for (const path of ["/answered", "/cancelled"]) {
      const stream = session.request({ ":path": path });
      stream.on("error", () => {}).resume();
      await once(stream, "close");
    }
    await until(() => ends.length === 2);
    expect(ends).toEqual([401, undefined]);
    session.close();
    await close(server);
  });

  it("is told without a status when the connection closes before there is an answer", async () => {
    let arrived = 0;
    service.handle(() => {
      arrived++;
      watchEnd();
    });
    const socket = connect(service.port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(12));
    await until(() => arrived === 12);
    expect(ends).toEqual([]);
    socket.destroy();
    await until(() => ends.length === 12);
    expect(new Set(ends)).toEqual(new Set([undefined]));
  });
});
