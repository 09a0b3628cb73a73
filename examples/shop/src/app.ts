import fastifyCookie from "@fastify/cookie";
import fastify, { type FastifyInstance } from "fastify";
import { page, note, STYLE_SHEET } from "./pages.ts";
import { adminRoutes } from "./routes/admin.ts";
import { apiRoutes } from "./routes/api.ts";
import { accountRoutes } from "./routes/account.ts";
import { catalogueRoutes } from "./routes/catalogue.ts";
import { checkoutRoutes } from "./routes/checkout.ts";
import { decoyRoutes } from "./routes/decoys.ts";
import type { Shop } from "./shop.ts";
import { identify, type Visitor } from "./visitor.ts";

declare module "fastify" {
  interface FastifyRequest {
    visitor: Visitor;
  }
}

/** Puts a shop behind HTTP. The shop is not closed with it. */
export async function buildApp(shop: Shop): Promise<FastifyInstance> {
  const app = fastify({ logger: false, bodyLimit: 65_536, forceCloseConnections: true });
  await app.register(fastifyCookie);
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  app.decorateRequest("visitor");
  app.addHook("onRequest", async (request, reply) => {
    request.visitor = identify(shop, request, reply);
  });

  app.get("/style.css", async (_request, reply) => reply.type("text/css").send(STYLE_SHEET));
  app.get("/healthz", async () => ({ status: "ok" }));
  catalogueRoutes(app, shop);
  accountRoutes(app, shop);
  checkoutRoutes(app, shop);
  adminRoutes(app, shop);
  apiRoutes(app, shop);
  decoyRoutes(app);

  app.setNotFoundHandler(async (request, reply) => {
    void reply.code(404);
    if (request.url.startsWith("/api/")) return { error: "There is no such thing here." };
    return reply.type("text/html").send(page("Not found", request.visitor.account, note("There is no such page.")));
  });
  app.setErrorHandler(async (error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    void reply.code(status);
    // What went wrong inside is for the operator, not for the visitor.
    if (status >= 500) console.error(error);
    const sentence = status >= 500 ? "Something went wrong on our side." : "The request cannot be read.";
    if (request.url.startsWith("/api/")) return { error: sentence };
    return reply.type("text/html").send(page("Sorry", undefined, note(sentence)));
  });
  return app;
}
