import { security } from "@vedette/instrumentation";
import type { FastifyRequest } from "fastify";
import type { Account } from "./accounts.ts";
import type { Shop } from "./shop.ts";
import { textField } from "./text-field.ts";

/** How a request to log in is answered. */
export type LogInAnswer =
  | { readonly outcome: "success"; readonly account: Account }
  | { readonly outcome: "failure"; readonly status: 400 | 401 | 429; readonly message: string };

/** Checks the name and password of a request's body, and reports how it went. */
export async function logIn(shop: Shop, request: FastifyRequest): Promise<LogInAnswer> {
  if (!shop.loginLimit(request.ip)) {
    security.rateLimited({ action: "log_in" });
    return { outcome: "failure", status: 429, message: "Too many attempts. Try again in a minute." };
  }
  const name = textField(request.body, "name") ?? "";
  const password = textField(request.body, "password") ?? "";
  if (name === "" || name.length > 100 || password === "" || password.length > 200) {
    security.inputRejected({
      rule: "credentials_length",
      field: name === "" || name.length > 100 ? "name" : "password",
    });
    return { outcome: "failure", status: 400, message: "Give a name and a password." };
  }
  const result = await shop.accounts.logIn(name, password);
  if (result.outcome === "failure") {
    security.authentication({ outcome: "failure", method: "password", userName: name, failureReason: result.reason });
    return { outcome: "failure", status: 401, message: "Name or password are wrong." };
  }
  const { account, priorFailures } = result;
  security.authentication({
    outcome: "success",
    method: "password",
    userName: account.name,
    userId: String(account.id),
    priorFailures,
  });
  return { outcome: "success", account };
}
