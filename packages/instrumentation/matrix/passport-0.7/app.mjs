// A shop where people log in: passport with sessions, with tokens, and with what a strategy can do wrong.
import express from "express";
import session from "express-session";
import passport from "passport";
import { Strategy as LocalStrategy } from "passport-local";

const users = [
  { id: 7, username: "ada", password: "lovelace" },
  { id: 8, username: "eve", password: "locked" },
];

passport.use(
  new LocalStrategy((username, password, done) => {
    if (username === "broken") return done(new Error("the directory is away"));
    const user = users.find((each) => each.username === username);
    if (user === undefined) return done(null, false, { message: "Unknown user" });
    if (user.password !== password) return done(null, false, { message: "Incorrect password." });
    if (user.username === "eve") return done(null, false, { message: "Account locked" });
    return done(null, user, { message: "Welcome" });
  }),
);

class Bearer extends passport.Strategy {
  name = "bearer";
  authenticate(request) {
    const token = request.headers.authorization?.replace(/^Bearer /, "");
    if (token === undefined) return this.fail('Bearer realm="Users"');
    if (token !== "ada-7") return this.fail('Bearer realm="Users", error="invalid_token"');
    return this.success(users[0], { scope: "all" });
  }
}
passport.use(new Bearer());
passport.use("partners", new Bearer());

class Throwing extends passport.Strategy {
  name = "throwing";
  authenticate() {
    throw new TypeError("of the strategy");
  }
}

passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) =>
  done(
    null,
    users.find((user) => user.id === id),
  ),
);

const app = express();
app.use(session({ secret: "a secret of the application", resave: false, saveUninitialized: false }));
app.use(express.urlencoded());
app.use(passport.session());
app.post("/login", passport.authenticate("local"), (request, response) => response.json({ user: request.user.id }));
app.post("/login/callback", (request, response, next) => {
  passport.authenticate("local", (error, user, info, status) => {
    if (error) return next(error);
    response.json({ user: user.id, info, status });
  })(request, response, next);
});
app.get("/api", passport.authenticate("bearer", { session: false }), (request, response) =>
  response.json({ user: request.user.id, info: request.authInfo, own: Object.keys(request).includes("user") }),
);
app.get("/either", passport.authenticate(["partners", "bearer"], { session: false }), (request, response) =>
  response.json({ user: request.user.id }),
);
app.get("/instance", passport.authenticate(new Bearer(), { session: false }), (request, response) =>
  response.json({ user: request.user.id }),
);
app.get("/throwing", passport.authenticate(new Throwing()));
app.get("/missing-strategy", passport.authenticate("nobody"));
app.get("/me", (request, response) => response.json({ user: request.user?.id ?? null }));
app.post("/logout", (request, response, next) => {
  request.logout((error) => (error ? next(error) : response.json({ user: null })));
});
app.use((error, request, response, next) => {
  void next;
  const frames = error.stack.split("\n").filter((line) => /^ *at/.test(line));
  response.status(500).json({ name: error.name, message: error.message, first: frames[0] });
});

const server = app.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
