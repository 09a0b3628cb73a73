import { security } from "@vedette/instrumentation";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ROLES, type Account } from "../accounts.ts";
import { adminPage, note, page } from "../pages.ts";
import type { Shop } from "../shop.ts";
import { textField } from "../text-field.ts";
import { subjectOf } from "../visitor.ts";

/** The administrator behind a request; undefined when there is none, and then the request is answered. */
function administrator(request: FastifyRequest, reply: FastifyReply, action: string): Account | undefined {
  const account = request.visitor.account;
  if (account === undefined) {
    void reply.redirect("/login", 303);
    return undefined;
  }
  if (account.role === "admin") return account;
  security.authorization({ action, denied: true, ...subjectOf(account) });
  void reply
    .code(403)
    .type("text/html")
    .send(page("Not for you", account, note("This area is for administrators.")));
  return undefined;
}

/** What only administrators may do. */
export function adminRoutes(app: FastifyInstance, shop: Shop): void {
  app.get("/admin", async (request, reply) => {
    const account = administrator(request, reply, "admin.view");
    if (account === undefined) return reply;
    return reply
      .type("text/html")
      .send(page("Admin", account, adminPage(shop.accounts.list(), shop.orders.all().length)));
  });

  app.get("/admin/orders.csv", async (request, reply) => {
    const account = administrator(request, reply, "orders.export");
    if (account === undefined) return reply;
    const orders = shop.orders.all();
    security.dataAccess({
      dataSet: "orders",
      recordCount: orders.length,
      action: "orders.export",
      ...subjectOf(account),
    });
    const rows = orders.map(
      (order) =>
        `${order.id},${order.accountId},${(order.total / 100).toFixed(2)},${new Date(order.placedAt).toISOString()}`,
    );
    return reply.type("text/csv").send(["order,account,total,placed_at", ...rows, ""].join("\n"));
  });

  app.post("/admin/accounts/:name/role", async (request, reply) => {
    const account = administrator(request, reply, "role.grant");
    if (account === undefined) return reply;
    const role = ROLES.find((known) => known === textField(request.body, "role"));
    if (role === undefined) {
      security.inputRejected({ rule: "role_name", field: "role", ...subjectOf(account) });
      return reply
        .code(400)
        .type("text/html")
        .send(page("Admin", account, note(`A role is one of ${ROLES.join(", ")}.`)));
    }
    const changed = shop.accounts.setRole(textField(request.params, "name") ?? "", role);
    if (changed === undefined)
      return reply
        .code(404)
        .type("text/html")
        .send(page("Admin", account, note("There is no such account.")));
    security.adminAction({ action: `role.grant.${role}`, ...subjectOf(account) });
    return reply.redirect("/admin", 303);
  });
}
