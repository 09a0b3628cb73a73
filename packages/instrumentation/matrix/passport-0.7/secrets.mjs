// A shop that is handed secrets in every place that has room for one; PLANTS names them, as JSON.
import argon2 from "argon2";
import bcrypt from "bcrypt";
import bcryptjs from "bcryptjs";
import express from "express";
import { rateLimit } from "express-rate-limit";
import session from "express-session";
import { jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import passport from "passport";
import { Strategy as LocalStrategy } from "passport-local";
// oxlint-disable-next-line no-restricted-imports -- an application imports the package by its name.
import { security } from "@vedette/instrumentation";

const plants = JSON.parse(process.env.PLANTS);
const user = { id: plants.userId, email: plants.email, hash: await bcrypt.hash(plants.password, 4) };

passport.use(
  new LocalStrategy((username, password, done) => {
    if (username !== user.email) return done(null, false, { message: `${username} is unknown` });
    bcrypt.compare(password, user.hash, (error, right) =>
      error ? done(error) : done(null, right && user, { message: `${password} is wrong` }),
    );
  }),
);
passport.serializeUser(({ id }, done) => done(null, id));
passport.deserializeUser((_id, done) => done(null, user));

const app = express();
app.use(session({ secret: plants.sessionSecret, resave: false, saveUninitialized: false }));
app.use(express.json(), express.urlencoded(), express.text({ type: "application/xml" }));
app.use(passport.session());

app.post("/login", passport.authenticate("local"), (request, response) => response.json({ sid: request.sessionID }));
app.get("/me", (request, response) => response.json({ known: request.isAuthenticated() }));
app.get("/api/orders", (request, response) => {
  const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
  try {
    response.json(jsonwebtoken.verify(token, plants.jwtKey));
  } catch {
    response.status(401).end();
  }
});
app.get("/api/customers", async (request, response) => {
  const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
  const known = await jwtVerify(token, new TextEncoder().encode(plants.jwtKey)).then(
    ({ payload }) => payload,
    () => undefined,
  );
  response.status(known === undefined ? 401 : 200).json(known ?? {});
});
app.use("/limited", rateLimit({ limit: 1, windowMs: 60_000, validate: false, keyGenerator: () => plants.apiKey }));
app.get("/limited", (_request, response) => response.end());
app.post("/passwords", async (_request, response) => {
  const options = { memoryCost: 1024, timeCost: 2, parallelism: 1 };
  const [one, other] = [await argon2.hash(plants.password, options), await bcryptjs.hash(plants.password, 4)];
  for (const typed of [plants.password, plants.jsonNote])
    for (const check of [argon2.verify(one, typed), bcryptjs.compare(typed, other), bcrypt.compare(typed, user.hash)])
      await check;
  response.end();
});
app.get("/invitations/:token", (_request, response) => response.status(403).end());
app.post("/upload", (request, response) => request.resume().on("end", () => response.status(403).end()));
app.get("/fail", () => {
  throw new Error(`cannot connect to postgres://app:${plants.databasePassword}@db/shop`);
});
app.post("/manual", (_request, response) => {
  const who = { userId: plants.userId, userName: plants.email, userRoles: ["customer"], sessionId: plants.sessionId };
  security.identify({ ...who, apiKey: plants.apiKey });
  security.route("/manual");
  security.authentication({ ...who, outcome: "failure", method: "password", failureReason: "bad_password" });
  security.authentication({ ...who, outcome: "success", method: "password" });
  security.authorization({ ...who, action: "orders.read", denied: true });
  security.inputRejected({ ...who, rule: "card_number", field: "card" });
  security.rateLimited({ ...who, action: "log_in" });
  security.sessionEvent({ ...who, action: "renewed", previousSessionId: plants.previousSessionId });
  security.dataAccess({ ...who, dataSet: "customers", recordCount: 5 });
  security.adminAction({ ...who, action: "role.grant.editor" });
  security.businessRule({ ...who, rule: "price_mismatch" });
  security.honeytoken({ ...who, name: "decoy_key" });
  const url = `https://${plants.urlUser}:${plants.urlPassword}@cdn.example/i?X-Amz-Signature=${plants.signature}`;
  security.outboundRequest({ ...who, url, addressClass: "public" });
  security.agentToolCall({ ...who, agent: "support", tool: "refund", declaredTools: ["search"] });
  // What is no input of ours at all must not end up in a message either.
  security.outboundRequest({ ...who, url: { toString: () => plants.password }, addressClass: "public" });
  response.end();
});
app.use((request, response) => response.status(404).end());
// oxlint-disable-next-line no-unused-vars -- express knows an error handler by its four parameters.
app.use((error, _request, response, _next) => response.status(500).end("Something went wrong."));

const server = app.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.once("SIGTERM", () => server.close(() => process.exit()));
