// An application on node:http alone; what a handler throws reaches it as an uncaught exception, and is answered with its whole stack trace.
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";

let failing;
const handlers = {
  "/": (_request, response) => response.end("home"),
  "/private": (_request, response) => response.writeHead(401).end("who?"),
  "/throw": (_request, response) => {
    failing = response;
    throw new Error("thrown in a handler");
  },
  "/reject": async (_request, response) => {
    await Promise.resolve();
    failing = response;
    throw new Error("rejected in a handler");
  },
  "/stream": (_request, response) => Readable.from(["one ", "two ", "three"]).pipe(response),
  "/redirect": (_request, response) => response.writeHead(302, { location: "/users/1" }).end(),
  "/headers": (request, response) => response.end(String(Object.keys(request.headers).length)),
  "/echo": (request, response) => request.pipe(response),
};
const fail = (error) => failing.writeHead(500).end(error.stack);
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

const server = createServer({ maxHeaderSize: 1_048_576 }, (request, response) => {
  const handler = handlers[request.url.split("?")[0]];
  if (handler === undefined) return response.writeHead(404).end("nothing here");
  return handler(request, response);
});
server.on("upgrade", (_request, socket) => {
  socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nupgraded");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
