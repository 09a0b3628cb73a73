// A shop that says nothing about security itself: what is seen of it is seen without a line of its own.
import express from "express";
import { rateLimit } from "express-rate-limit";
import session from "express-session";
import jsonwebtoken from "jsonwebtoken";
import passport from "passport";
import { Strategy as LocalStrategy } from "passport-local";

const ada = { id: 7, username: "ada", password: "lovelace" };
passport.use(
  new LocalStrategy((username, password, done) => {
    if (username !== ada.username) return done(null, false, { message: "Unknown user" });
    return done(null, password === ada.password && ada, { message: "Incorrect password." });
  }),
);
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((_id, done) => done(null, ada));

const app = express();
app.use(session({ secret: "a secret of the application", resave: false, saveUninitialized: false }));
app.use(express.urlencoded(), express.json({ limit: 1024 }));
app.use(passport.session());
app.post("/login", passport.authenticate("local"), (request, response) => response.json({ user: request.user.id }));
app.get("/me", (request, response) => response.json({ known: request.isAuthenticated() }));
app.get("/search", (_request, response) => response.json([]));
app.get("/api", (request, response) => {
  jsonwebtoken.verify(request.headers.authorization?.slice("Bearer ".length), "a key of the application", (error) =>
    response.status(error ? 401 : 200).end(),
  );
});
app.use("/limited", rateLimit({ limit: 1, windowMs: 60_000, validate: false }));
app.get("/limited", (_request, response) => response.end());
const notAllowed = (allowed) => (_request, response) => response.status(405).set("allow", allowed).end();
app
  .route("/form")
  .post((_request, response) => response.end())
  .all(notAllowed("POST"));
app
  .route("/page")
  .get((_request, response) => response.end())
  .all(notAllowed("GET"));
app.all("/orders/:id", (_request, response) => response.status(403).end());
// oxlint-disable-next-line no-unused-vars -- express knows an error handler by its four parameters.
app.use((error, _request, response, _next) => response.status(error.status ?? 500).end());

const server = app.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
