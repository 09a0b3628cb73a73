import { security } from "@vedette/instrumentation";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SORT_ORDERS, type Product } from "../catalogue.ts";
import { note, page, productList, productPage } from "../pages.ts";
import { MANUALS } from "../seed.ts";
import type { Shop } from "../shop.ts";
import { textField } from "../text-field.ts";
import { subjectOf } from "../visitor.ts";

const MAX_QUERY = 200;

/** Searches for the words and order of a query string; undefined (and reported) when the shop does not take them. */
export function searchByQuery(shop: Shop, request: FastifyRequest): readonly Product[] | undefined {
  const words = textField(request.query, "q") ?? "";
  const sort = textField(request.query, "sort") ?? "name";
  const order = SORT_ORDERS.find((known) => known === sort);
  if (order === undefined) {
    security.inputRejected({ rule: "sort_order", field: "sort" });
    return undefined;
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused.
  if (words.length > MAX_QUERY || /[\u0000-\u001f\u007f]/.test(words)) {
    security.inputRejected({ rule: "search_words", field: "q" });
    return undefined;
  }
  return shop.catalogue.search(words, order);
}

/** Home, search, products, reviews and manuals. */
export function catalogueRoutes(app: FastifyInstance, shop: Shop): void {
  const send = (reply: FastifyReply, text: string): FastifyReply => reply.type("text/html").send(text);

  app.get("/", async (request, reply) =>
    send(
      reply,
      page("Welcome", request.visitor.account, productList("", shop.catalogue.search("", "name").slice(0, 6))),
    ),
  );

  app.get("/products", async (request, reply) => {
    const products = searchByQuery(shop, request);
    if (products === undefined)
      return send(
        reply.code(400),
        page("Products", request.visitor.account, note("That is nothing we can search for.")),
      );
    return send(
      reply,
      page("Products", request.visitor.account, productList(textField(request.query, "q") ?? "", products)),
    );
  });

  app.get("/products/:id", async (request, reply) => {
    const product = shop.catalogue.find(wholeNumber(textField(request.params, "id")));
    if (product === undefined)
      return send(reply.code(404), page("Not found", request.visitor.account, note("There is no such product.")));
    return send(reply, page(product.name, request.visitor.account, productPage(product, shop.reviews.of(product.id))));
  });

  app.post("/products/:id/reviews", async (request, reply) => {
    const account = request.visitor.account;
    if (account === undefined) return reply.redirect("/login", 303);
    const product = shop.catalogue.find(wholeNumber(textField(request.params, "id")));
    if (product === undefined)
      return send(reply.code(404), page("Not found", account, note("There is no such product.")));
    const text = (textField(request.body, "text") ?? "").trim();
    if (text === "" || text.length > 500) {
      security.inputRejected({ rule: "review_text", field: "text", ...subjectOf(account) });
      return send(reply.code(400), page(product.name, account, note("A review has 1 to 500 characters.")));
    }
    shop.reviews.add(product.id, { author: account.name, text });
    return reply.redirect(`/products/${product.id}`, 303);
  });

  app.get("/manuals", async (request, reply) => {
    const name = textField(request.query, "name") ?? "";
    if (!/^[a-z0-9-]{1,40}\.txt$/.test(name)) {
      security.inputRejected({ rule: "manual_name", field: "name" });
      return reply.code(400).type("text/plain").send("A manual's name looks like mugs.txt.\n");
    }
    const text = Object.hasOwn(MANUALS, name) ? MANUALS[name] : undefined;
    if (text === undefined) return reply.code(404).type("text/plain").send("There is no such manual.\n");
    return reply.type("text/plain").send(text);
  });
}

/** Reads a whole number; NaN, which no row has as its id, when it is none. */
function wholeNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
