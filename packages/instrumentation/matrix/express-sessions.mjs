// A shop with sessions: how people log in and out, with care and without.

/** Starts it with copies of express and express-session. */
export function start(express, session) {
  const app = express();
  app.use(
    session({ secret: ["the new secret", "the old secret"], resave: false, saveUninitialized: false, name: "sid" }),
  );
  app.get("/me", (request, response) =>
    response.json({ user: request.session.userId ?? null, cart: request.session.cart ?? 0 }),
  );
  app.post("/cart", (request, response) => {
    request.session.cart = (request.session.cart ?? 0) + 1;
    response.json({ cart: request.session.cart });
  });
  app.post("/login", (request, response, next) => {
    const { cart } = request.session;
    request.session.regenerate((error) => {
      if (error) return next(error);
      Object.assign(request.session, { userId: 7, cart });
      response.json({ user: 7 });
    });
  });
  app.post("/careless-login", (request, response) => {
    request.session.userId = 7;
    response.json({ user: 7 });
  });
  app.post("/logout", (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.json({ user: null })));
  });
  app.post("/logout-renewed", (request, response, next) => {
    request.session.regenerate((error) => (error ? next(error) : response.json({ user: null })));
  });
  app.post("/forget", (request, response) => {
    request.session = null;
    response.json({ user: null });
  });
  app.get("/broken", () => {
    throw new TypeError("of the application");
  });
  app.use((error, request, response, next) => {
    void next;
    response.status(500).json({ name: error.name, message: error.message, first: error.stack.split("\n")[1] });
  });

  const server = app.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
}
