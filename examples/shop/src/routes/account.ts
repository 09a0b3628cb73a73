import { security } from "@vedette/instrumentation";
import type { FastifyInstance } from "fastify";
import { logIn } from "../log-in.ts";
import { credentialsForm, note, orderList, page } from "../pages.ts";
import { html } from "../html.ts";
import type { Shop } from "../shop.ts";
import { textField } from "../text-field.ts";
import { SESSION_COOKIE, setSessionCookie, subjectOf } from "../visitor.ts";

/** Registration, log-in, log-out, and what belongs to an account. */
export function accountRoutes(app: FastifyInstance, shop: Shop): void {
  app.get("/login", async (request, reply) =>
    reply.type("text/html").send(
      page(
        "Log in",
        request.visitor.account,
        html`${credentialsForm("/login", "Log in")}
          <p>New here? <a href="/register">Make an account.</a></p>`,
      ),
    ),
  );

  app.post("/login", async (request, reply) => {
    const answer = await logIn(shop, request);
    if (answer.outcome === "failure") {
      return reply
        .code(answer.status)
        .type("text/html")
        .send(page("Log in", undefined, html`${note(answer.message)}${credentialsForm("/login", "Log in")}`));
    }
    // A new token at each log-in: one that was known before it is worth nothing after it.
    const { token, session } = shop.sessions.create(answer.account.id, request.visitor.session);
    security.sessionEvent({ action: "created", sessionId: session.id, ...subjectOf(answer.account) });
    setSessionCookie(reply, token);
    return reply.redirect("/account", 303);
  });

  app.post("/logout", async (request, reply) => {
    const { session, account } = request.visitor;
    if (session !== undefined) {
      shop.sessions.end(session);
      security.sessionEvent({
        action: "revoked",
        sessionId: session.id,
        ...(account === undefined ? {} : subjectOf(account)),
      });
    }
    return reply.clearCookie(SESSION_COOKIE, { path: "/" }).redirect("/", 303);
  });

  app.get("/register", async (request, reply) =>
    reply
      .type("text/html")
      .send(page("Make an account", request.visitor.account, credentialsForm("/register", "Make it"))),
  );

  app.post("/register", async (request, reply) => {
    const refuse = (status: number, text: string) =>
      reply
        .code(status)
        .type("text/html")
        .send(page("Make an account", undefined, html`${note(text)}${credentialsForm("/register", "Make it")}`));
    if (!shop.loginLimit(request.ip)) {
      security.rateLimited({ action: "register" });
      return refuse(429, "Too many attempts. Try again in a minute.");
    }
    const name = (textField(request.body, "name") ?? "").trim();
    const password = textField(request.body, "password") ?? "";
    // People are called O'Brien, Núñez and D'Angelo-Smith, and some give their e-mail address.
    if (!/^[\p{L}\p{N} .,'’@+_-]{1,60}$/u.test(name)) {
      security.inputRejected({ rule: "account_name", field: "name" });
      return refuse(400, "A name has letters, digits and . , ' @ + _ -, at most 60 of them.");
    }
    if (password.length < 8 || password.length > 200) {
      security.inputRejected({ rule: "password_length", field: "password" });
      return refuse(400, "A password has at least 8 characters.");
    }
    const account = await shop.accounts.register(name, password);
    if (account === undefined) return refuse(409, "That name is taken.");
    return reply.redirect("/login", 303);
  });

  app.get("/account", async (request, reply) => {
    const account = request.visitor.account;
    if (account === undefined) return reply.redirect("/login", 303);
    return reply.type("text/html").send(page(account.name, account, orderList(shop.orders.ofAccount(account.id))));
  });
}
