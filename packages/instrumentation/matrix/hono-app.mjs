// What the tests ask of hono on @hono/node-server, whichever versions a folder of the matrix hands in.
/** Starts the application and writes its origin. */
export function start(Hono, serve) {
  const app = new Hono();
  app.use(async (_context, next) => {
    await next();
  });
  app.get("/", (context) => context.text("home"));
  app.get("/users/:id", (context) => context.json({ id: context.req.param("id") }));
  app.get("/private", (context) => context.text("who?", 401));
  const orders = new Hono();
  orders.get("/orders/:order", (context) => context.json(context.req.param()));
  orders.get("/", (context) => context.text("no", 403));
  app.route("/tenants/:tenant", orders);
  const admin = new Hono();
  admin.get("/:area", (context) => context.text("no", 403));
  app.route("/admin", admin);
  app.use("/guarded/*", (context) => context.text("who?", 401));
  app.get("/guarded/thing", (context) => context.text("never"));
  app.get("/throw", () => {
    throw new Error("thrown in a handler");
  });
  app.get("/reject", async () => {
    await Promise.resolve();
    throw new Error("rejected in a handler");
  });
  app.get("/stream", (context) => context.body(ReadableStream.from(["one ", "two ", "three"].map(encode))));
  app.get("/redirect", (context) => context.redirect("/users/1"));
  app.get("/headers", (context) => context.text(String([...context.req.raw.headers.keys()].length)));
  app.post("/echo", (context) => context.body(context.req.raw.body));
  app.onError((error, context) =>
    context.json({ message: error.message, stack: error.stack, url: new URL(context.req.url).pathname }, 500),
  );
  const server = serve(
    { fetch: app.fetch, port: 0, hostname: "127.0.0.1", serverOptions: { maxHeaderSize: 1_048_576 } },
    ({ port }) => process.stdout.write(`http://127.0.0.1:${port}\n`),
  );
  server.on("upgrade", (_request, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nupgraded");
  });
}

const encode = (text) => new TextEncoder().encode(text);
