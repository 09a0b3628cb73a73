// A shop with sessions: how people log in and out, with care and without.

/** Starts it with copies of fastify, @fastify/cookie and @fastify/session. */
export function start(fastify, cookie, session) {
  const app = fastify();
  app.register(cookie);
  app.register(session, {
    secret: ["the new secret, of thirty-two bytes", "the old secret, of thirty-two bytes"],
    saveUninitialized: false,
    cookieName: "sid",
    cookiePrefix: "s:",
    cookie: { secure: false },
  });
  app.get("/me", async (request) => ({ user: request.session.userId ?? null, cart: request.session.cart ?? 0 }));
  app.post("/cart", async (request) => {
    request.session.cart = (request.session.cart ?? 0) + 1;
    return { cart: request.session.cart };
  });
  app.post("/login", async (request) => {
    await request.session.regenerate(["cart"]);
    request.session.userId = 7;
    return { user: 7 };
  });
  app.post("/careless-login", async (request) => {
    request.session.userId = 7;
    return { user: 7 };
  });
  app.post("/logout", async (request) => {
    await request.session.destroy();
    return { user: null };
  });
  app.post("/logout-renewed", async (request) => {
    await request.session.regenerate();
    return { user: null };
  });
  app.get("/broken", async () => {
    throw new TypeError("of the application");
  });
  app.setErrorHandler((error, _request, reply) => {
    reply.status(500).send({ name: error.name, message: error.message, first: error.stack.split("\n")[1] });
  });

  void app.listen({ port: 0, host: "127.0.0.1" }).then((origin) => process.stdout.write(`${origin}\n`));
}
