// What the tests ask of express, whichever version a folder of the matrix hands in.
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";

/** Starts the application and writes its origin. */
export async function start(express, extend = () => {}) {
  const app = express();
  app.set("env", "production");
  app.use((request, _response, next) => {
    request.tenant = "none";
    next();
  });
  extend(app);
  app.get("/", (_request, response) => response.send("home"));
  app.get("/users/:id", (request, response) => response.json({ id: request.params.id }));
  app.get("/private", (_request, response) => response.status(401).send("who?"));

  const orders = express.Router({ mergeParams: true });
  orders.get("/orders/:order", (request, response) => response.json(request.params));
  orders.get("/", (_request, response) => response.status(403).send("no"));
  app.use("/tenants/:tenant", orders);
  const admin = express();
  admin.get("/:area", (_request, response) => response.status(403).send("no"));
  app.use("/admin/", admin);
  app.use("/guarded", (_request, response) => response.status(401).send("who?"));

  app.get("/throw", () => {
    throw new Error("thrown in a handler");
  });
  app.get("/reject", async (_request, _response, next) => {
    await Promise.resolve();
    next(new Error("rejected in a handler"));
  });
  app.get("/stream", (_request, response) => {
    response.type("text/plain");
    Readable.from(["one ", "two ", "three"]).pipe(response);
  });
  app.get("/redirect", (_request, response) => response.redirect("/users/1"));
  app.get("/headers", (request, response) => response.json(Object.keys(request.headers).length));
  app.post("/echo", (request, response) => request.pipe(response));
  // oxlint-disable-next-line no-unused-vars -- express knows an error handler by its four parameters.
  app.use((error, request, response, _next) => {
    response.status(500).json({ message: error.message, stack: error.stack, url: request.originalUrl });
  });

  const server = createServer({ maxHeaderSize: 1_048_576 }, app);
  server.on("upgrade", (_request, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nupgraded");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
}
