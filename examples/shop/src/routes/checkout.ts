import { security } from "@vedette/instrumentation";
import type { FastifyInstance } from "fastify";
import { cartTotal, cartLines, changeCart } from "../cart.ts";
import { html } from "../html.ts";
import { amount, cartPage, note, page } from "../pages.ts";
import type { Shop } from "../shop.ts";
import { textField } from "../text-field.ts";
import { sessionOf, subjectOf } from "../visitor.ts";

/** Coupons and the share of the price that they take off. */
const COUPONS: ReadonlyMap<string, number> = new Map([["WELCOME10", 0.1]]);

/** Cart, checkout and orders. */
export function checkoutRoutes(app: FastifyInstance, shop: Shop): void {
  app.get("/cart", async (request, reply) => {
    const lines = cartLines(shop, request.visitor.session);
    return reply.type("text/html").send(page("Cart", request.visitor.account, cartPage(lines, cartTotal(lines))));
  });

  app.post("/cart/items", async (request, reply) => {
    const account = request.visitor.account;
    const change = changeCart(shop, sessionOf(shop, request.visitor, reply), request.body);
    if (change.outcome === "changed") return reply.redirect("/cart", 303);
    const subject = account === undefined ? {} : subjectOf(account);
    if (change.outcome === "rule_broken") security.businessRule({ rule: change.rule, ...subject });
    if (change.outcome === "refused") security.inputRejected({ rule: change.rule, field: change.field, ...subject });
    return reply
      .code(change.status)
      .type("text/html")
      .send(page("Cart", account, note(change.message)));
  });

  app.post("/checkout", async (request, reply) => {
    const { account, session } = request.visitor;
    if (account === undefined || session === undefined) return reply.redirect("/login", 303);
    const refuse = (message: string) =>
      reply
        .code(422)
        .type("text/html")
        .send(page("Cart", account, note(message)));
    const lines = cartLines(shop, session);
    if (lines.length === 0) return refuse("The cart is empty.");
    const total = cartTotal(lines);
    const shown = textField(request.body, "total");
    if (shown !== undefined && shown !== String(total)) {
      security.businessRule({ rule: "price_mismatch", ...subjectOf(account) });
      return refuse("The prices have changed. Look at the cart again.");
    }
    const coupon = (textField(request.body, "coupon") ?? "").trim().toUpperCase();
    const discount = coupon === "" ? 0 : COUPONS.get(coupon);
    if (discount === undefined) return refuse("There is no such coupon.");
    if (session.usedCoupons.has(coupon)) {
      security.businessRule({ rule: "coupon_reuse", ...subjectOf(account) });
      return refuse("That coupon was used before.");
    }
    if (coupon !== "") session.usedCoupons.add(coupon);
    const paid = Math.round(total * (1 - discount));
    const order = shop.orders.place(
      account.id,
      paid,
      lines.map(({ product, quantity }) => ({ productId: product.id, quantity, price: product.price })),
      shop.now(),
    );
    session.cart.clear();
    return reply.redirect(`/orders/${order.id}`, 303);
  });

  app.get("/orders/:id", async (request, reply) => {
    const account = request.visitor.account;
    if (account === undefined) return reply.redirect("/login", 303);
    const order = shop.orders.find(Number(textField(request.params, "id")));
    if (order === undefined)
      return reply
        .code(404)
        .type("text/html")
        .send(page("Not found", account, note("There is no such order.")));
    if (order.accountId !== account.id && account.role !== "admin") {
      security.authorization({ action: "order.read_any", denied: true, ...subjectOf(account) });
      return reply
        .code(403)
        .type("text/html")
        .send(page("Not yours", account, note("This is somebody else's order.")));
    }
    return reply
      .type("text/html")
      .send(
        page(
          `Order ${order.id}`,
          account,
          html`<p>Thank you. You paid <span class="price">${amount(order.total)}</span>.</p>`,
        ),
      );
  });
}
