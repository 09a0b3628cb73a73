// What the tests ask of fastify, whichever version a folder of the matrix hands in.
import { Readable } from "node:stream";

/** Starts the application and writes its origin. */
export async function start(fastify, extend = async () => {}) {
  const app = fastify({ http: { maxHeaderSize: 1_048_576 } });
  await extend(app);
  app.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));
  app.get("/", (_request, reply) => reply.send("home"));
  app.get("/users/:id", async (request) => ({ id: request.params.id }));
  app.get("/private", (_request, reply) => reply.code(401).send("who?"));
  await app.register(
    async (tenants) => {
      tenants.decorateRequest("tenant", "none");
      tenants.get("/orders/:order", async (request) => ({ ...request.params, tenant: request.tenant }));
      tenants.get("/", (_request, reply) => reply.code(403).send("no"));
    },
    { prefix: "/tenants/:tenant" },
  );
  await app.register(
    async (admin) => {
      admin.get("/:area", (_request, reply) => reply.code(403).send("no"));
    },
    { prefix: "/admin" },
  );
  await app.register(
    async (guarded) => {
      guarded.addHook("onRequest", async (_request, reply) => reply.code(401).send("who?"));
      guarded.get("/thing", async () => "never");
    },
    { prefix: "/guarded" },
  );
  app.get("/throw", () => {
    throw new Error("thrown in a handler");
  });
  app.get("/reject", async () => {
    await Promise.resolve();
    throw new Error("rejected in a handler");
  });
  app.get("/stream", (_request, reply) => reply.type("text/plain").send(Readable.from(["one ", "two ", "three"])));
  app.get("/redirect", (_request, reply) => reply.code(302).header("location", "/users/1").send());
  app.get("/headers", async (request) => String(Object.keys(request.headers).length));
  app.post("/echo", { bodyLimit: 64 * 1024 * 1024 }, (request, reply) => reply.send(request.body));
  app.setErrorHandler((error, request, reply) => {
    reply.code(error.statusCode ?? 500).send({ message: error.message, stack: error.stack, url: request.url });
  });
  app.server.on("upgrade", (_request, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nupgraded");
  });
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  process.stdout.write(`${origin}\n`);
}
