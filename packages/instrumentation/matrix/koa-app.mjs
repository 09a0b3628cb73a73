// What the tests ask of koa and @koa/router, whichever versions a folder of the matrix hands in.
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";

/** Starts the application and writes its origin. */
export async function start(Koa, Router) {
  const app = new Koa();
  app.silent = true;
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      context.status = 500;
      context.body = { message: error.message, stack: error.stack, url: context.url };
    }
  });
  const router = new Router();
  router.get("/", (context) => (context.body = "home"));
  router.get("/users/:id", (context) => (context.body = { id: context.params.id }));
  router.get("/private", (context) => {
    context.status = 401;
    context.body = "who?";
  });
  const orders = new Router();
  orders.get("/orders/:order", (context) => (context.body = context.params));
  orders.get("/", (context) => {
    context.status = 403;
    context.body = "no";
  });
  router.use("/tenants/:tenant", orders.routes(), orders.allowedMethods());
  const admin = new Router({ prefix: "/admin" });
  admin.get("/:area", (context) => {
    context.status = 403;
    context.body = "no";
  });
  router.get("/throw", () => {
    throw new Error("thrown in a handler");
  });
  router.get("/reject", async () => {
    await Promise.resolve();
    throw new Error("rejected in a handler");
  });
  router.get("/stream", (context) => {
    context.type = "text/plain";
    context.body = Readable.from(["one ", "two ", "three"]);
  });
  router.get("/redirect", (context) => context.redirect("/users/1"));
  router.get("/headers", (context) => (context.body = String(Object.keys(context.headers).length)));
  router.post("/echo", (context) => {
    context.status = 200;
    context.body = context.req;
  });
  app.use(router.routes()).use(router.allowedMethods());
  app.use(admin.routes());

  const server = createServer({ maxHeaderSize: 1_048_576 }, app.callback());
  server.on("upgrade", (_request, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nupgraded");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
}
