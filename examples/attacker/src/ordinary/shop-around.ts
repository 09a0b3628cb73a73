import type { Answer, Client, Outgoing } from "../client.ts";
import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { OrdinaryReport, UnexpectedAnswer } from "../report.ts";
import { HARD_SEARCHES, QUESTIONS, REVIEWS, type Customer } from "./customers.ts";

/** What a customer's day is made of. */
export interface OrdinaryOptions {
  readonly customer: Customer;
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly report: OrdinaryReport;
  readonly onUnexpected: (answer: UnexpectedAnswer) => void;
}

type Click = (expected: readonly number[], request: Outgoing) => Promise<Answer>;

const KEPT_EXAMPLES = 10;

/** Walks one customer through the shop until the signal aborts. */
export async function shopAround(options: OrdinaryOptions): Promise<void> {
  const { customer, client, clock, random, signal, report, onUnexpected } = options;
  const label = customer.name ?? customer.address;

  const click: Click = async (expected, request) => {
    if (signal.aborted) return { status: 0, body: "" };
    const answer = await client.send(request);
    // A request that the end of the campaign cut off is nobody's fault.
    if (signal.aborted && answer.status === 0) return answer;
    report.requests += 1;
    if (expected.includes(answer.status)) report.asExpected += 1;
    else {
      report.unexpected += 1;
      const unexpected = {
        customer: label,
        request: `${request.method ?? "GET"} ${request.path}`,
        status: answer.status,
        expected,
      };
      if (report.examples.length < KEPT_EXAMPLES) report.examples.push(unexpected);
      onUnexpected(unexpected);
    }
    await clock.sleep(customer.patience * (0.5 + random.next()), signal);
    return answer;
  };

  // Not everybody arrives in the same second.
  await clock.sleep(random.between(0, 1500), signal);
  await click([200], { path: "/" });
  // A browser asks for an icon that the shop does not have, once.
  await click([404], { path: "/favicon.ico" });
  if (customer.name !== undefined) await logIn(customer, customer.name, click);
  for (let visit = 0; !signal.aborted; visit++) {
    await browse(click, random);
    if (visit === 1) await click([404], { path: "/products/summer-sale-2019" });
    if (customer.name === undefined) continue;
    if (visit % 3 === 0) await buy(click, random, visit);
    if (visit === 2)
      await click([303], {
        method: "POST",
        path: `/products/${random.between(1, 9)}/reviews`,
        form: { text: random.pick(REVIEWS) },
      });
    if (visit % 4 === 1)
      await click([200], { method: "POST", path: "/api/assistant", json: { message: random.pick(QUESTIONS) } });
    if (customer.administrator === true && visit % 3 === 1) await administrate(click);
    // Some leave by the door, and come back.
    if (visit % 6 === 5) {
      await click([303], { method: "POST", path: "/logout", form: {} });
      await click([303], {
        method: "POST",
        path: "/login",
        form: { name: customer.name, password: customer.password },
      });
    }
  }
}

async function logIn(customer: Customer, name: string, click: Click): Promise<void> {
  await click([200], { path: "/login" });
  // 409: the account is there from an earlier campaign.
  if (customer.known !== true)
    await click([303, 409], { method: "POST", path: "/register", form: { name, password: customer.password } });
  if (customer.mistypes === "password")
    await click([401], {
      method: "POST",
      path: "/login",
      form: { name, password: `${customer.password.slice(0, -1)}#` },
    });
  if (customer.mistypes === "name")
    await click([401], { method: "POST", path: "/login", form: { name: `${name}e`, password: customer.password } });
  await click([303], { method: "POST", path: "/login", form: { name, password: customer.password } });
  await click([200], { path: "/account" });
}

async function browse(click: Click, random: Random): Promise<void> {
  const words = random.pick(HARD_SEARCHES);
  // Browsers write a space as + in a form, scripts as %20.
  const query = random.next() < 0.5 ? encodeURIComponent(words) : new URLSearchParams({ q: words }).toString().slice(2);
  await click([200], { path: `/products?q=${query}&sort=${random.pick(["name", "price", "-price"])}` });
  await click([200], { path: `/products/${random.between(1, 17)}` });
  if (random.next() < 0.3) await click([200], { path: `/api/products?q=${query}` });
  if (random.next() < 0.2) await click([200], { path: `/manuals?name=${random.pick(["mugs.txt", "curl-iron.txt"])}` });
}

async function buy(click: Click, random: Random, visit: number): Promise<void> {
  // A finger slips once: "1o" is no quantity.
  if (visit === 3)
    await click([400], { method: "POST", path: "/cart/items", form: { productId: "1", quantity: "1o" } });
  await click([303], {
    method: "POST",
    path: "/cart/items",
    form: { productId: String(random.between(1, 17)), quantity: String(random.between(1, 3)) },
  });
  await click([200], { path: "/cart" });
  await click([303], { method: "POST", path: "/checkout", form: { coupon: visit === 0 ? "welcome10" : "" } });
  await click([200], { path: "/account" });
}

async function administrate(click: Click): Promise<void> {
  await click([200], { path: "/admin" });
  await click([200], { path: "/admin/orders.csv" });
  await click([303], { method: "POST", path: "/admin/accounts/alice/role", form: { role: "editor" } });
}
