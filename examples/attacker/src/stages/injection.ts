import type { Attacker, Stage } from "../attacker.ts";
import type { PayloadClass } from "../payloads.ts";

/** Where each class of payload is put. */
const PLACES: Readonly<Record<PayloadClass, (value: string) => string>> = {
  sqli: (value) => `/products?q=${value}`,
  xss: (value) => `/products?q=${value}`,
  "path-traversal": (value) => `/manuals?name=${value}`,
  cmdi: (value) => `/products?q=${value}`,
};

async function inject(attacker: Attacker, name: PayloadClass, from: number, to: number, pause: number): Promise<void> {
  for (const payload of attacker.payloads[name].slice(from, to)) {
    if (attacker.stopped()) return;
    await attacker.send({ path: PLACES[name](encodeURIComponent(payload)) });
    await attacker.pause(pause);
  }
}

/** Payloads of one class that are tried before the next class begins. */
export const FIRST_ROUND = 4;

const firstRound = (name: string, payloadClass: PayloadClass): Stage => ({
  name,
  run: (attacker) => inject(attacker, payloadClass, 0, FIRST_ROUND, 250),
});

/** SQL in the search box. */
export const sqlInjection = firstRound("SQL injection", "sqli");

/** Script in the search box. */
export const crossSiteScripting = firstRound("cross-site scripting", "xss");

/** Climbing out of the folder of manuals. */
export const pathTraversal = firstRound("path traversal", "path-traversal");

/** Shell commands in the search box. */
export const commandInjection = firstRound("command injection", "cmdi");

/** Everything once more and more of it: what a tool does that is left running. Repeated until the guard ends it. */
export const persistence: Stage = {
  name: "injection without end",
  async run(attacker) {
    for (const name of ["sqli", "xss", "path-traversal", "cmdi"] as const)
      await inject(attacker, name, FIRST_ROUND, Infinity, 150);
    await attacker.pause(500);
  },
};
