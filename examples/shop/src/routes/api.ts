import { security } from "@vedette/instrumentation";
import type { FastifyInstance, FastifyReply } from "fastify";
import { answerCustomer, ASSISTANT_NAME, ASSISTANT_TOOLS } from "../assistant.ts";
import { logIn } from "../log-in.ts";
import type { Shop } from "../shop.ts";
import { textField } from "../text-field.ts";
import { subjectOf } from "../visitor.ts";
import { searchByQuery } from "./catalogue.ts";

/** The JSON API. It takes the session cookie or a bearer token of `POST /api/login`. */
export function apiRoutes(app: FastifyInstance, shop: Shop): void {
  const fail = (reply: FastifyReply, status: number, error: string): FastifyReply => reply.code(status).send({ error });

  app.get("/api/products", async (request, reply) => {
    const products = searchByQuery(shop, request);
    return products === undefined ? fail(reply, 400, "That is nothing we can search for.") : { products };
  });

  app.get("/api/products/:id", async (request, reply) => {
    const product = shop.catalogue.find(Number(textField(request.params, "id")));
    return product ?? fail(reply, 404, "There is no such product.");
  });

  app.post("/api/login", async (request, reply) => {
    const answer = await logIn(shop, request);
    if (answer.outcome === "failure") return fail(reply, answer.status, answer.message);
    const { token, session } = shop.sessions.create(answer.account.id);
    security.sessionEvent({ action: "created", sessionId: session.id, ...subjectOf(answer.account) });
    return { token };
  });

  app.get("/api/orders", async (request, reply) => {
    const account = request.visitor.account;
    if (account === undefined) return fail(reply, 401, "Log in first.");
    const orders = shop.orders.ofAccount(account.id);
    security.dataAccess({
      dataSet: "orders",
      recordCount: orders.length,
      action: "orders.read",
      ...subjectOf(account),
    });
    return { orders };
  });

  app.post("/api/images", async (request, reply) => {
    const text = textField(request.body, "url") ?? "";
    const url = URL.canParse(text) && text.length <= 1000 ? new URL(text) : undefined;
    if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
      security.inputRejected({ rule: "image_url", field: "url" });
      return fail(reply, 400, "An image's address starts with http:// or https://.");
    }
    const image = await shop.fetchImage(url);
    security.outboundRequest({
      url: url.href,
      addressClass: image.addressClass,
      outcome: image.outcome === "fetched" ? "success" : "failure",
    });
    if (image.outcome === "refused") return fail(reply, 422, "Images are fetched from public addresses only.");
    if (image.outcome === "failed") return fail(reply, 502, image.reason);
    return { type: image.type, bytes: image.bytes };
  });

  app.post("/api/assistant", async (request, reply) => {
    const message = textField(request.body, "message") ?? "";
    if (message === "" || message.length > 1000) {
      security.inputRejected({ rule: "message_length", field: "message" });
      return fail(reply, 400, "A message has 1 to 1,000 characters.");
    }
    const account = request.visitor.account;
    const { answer, calls } = answerCustomer(message, account?.id, shop);
    for (const call of calls) {
      security.agentToolCall({
        agent: ASSISTANT_NAME,
        tool: call.tool,
        declaredTools: ASSISTANT_TOOLS,
        ...(account === undefined ? {} : subjectOf(account)),
      });
    }
    return { answer };
  });
}
