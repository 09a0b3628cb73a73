import { BlockList } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GUARD_ACTIONS, type GuardAction, type GuardDecision, type GuardTarget } from "@vedette/semconv";
import type { GuardSubject } from "./decision-index.ts";
import { createGuardDecisions } from "./decisions.ts";

const subject: GuardSubject = {
  address: "203.0.113.7",
  users: ["new ada", "old ada"],
  sessions: ["s1"],
  apiKeys: [],
  path: "/login",
  route: undefined,
};

const targetOf = (text: string): GuardTarget => {
  const [kind = "", value = ""] = text.split("=");
  const kinds = {
    a: "client.address",
    u: "user.hash",
    s: "session.id",
    k: "vedette.api_key.hash",
    r: "http.route",
  } as const;
  return { kind: kinds[kind as keyof typeof kinds], value };
};

/** `block a=203.0.113.0/24 r=/login`: a decision, named by its text. */
const of = (text: string, expiresAt = 1000): GuardDecision => {
  const [action = "", ...targets] = text.split(" ");
  return {
    id: text,
    action: action as GuardAction,
    targets: targets.map(targetOf),
    expiresAt,
    reason: "test",
    ...(action === "throttle" ? { rate: { limit: 1, seconds: 1 } } : {}),
  };
};

const standing = (decisions: readonly string[], about: Partial<GuardSubject> = {}): readonly string[] => {
  const set = createGuardDecisions({ now: () => 0 });
  set.replace(decisions.map((text) => of(text)));
  return set.find({ ...subject, ...about }).map(({ id }) => id);
};

describe("decisions", () => {
  it.each([
    ["an address", "block a=203.0.113.7", {}, true],
    ["another address", "block a=203.0.113.8", {}, false],
    ["a network", "block a=203.0.112.0/23", {}, true],
    ["a network of IPv6", "block a=2001:db8::/48", { address: "2001:db8:0:1::7" }, true],
    ["a user by the newer key", "block u=new ada".replace(" ada", "_ada"), { users: ["new_ada"] }, true],
    ["a user by the older key", "block u=old_ada", { users: ["new_ada", "old_ada"] }, true],
    ["another user", "block u=bob", {}, false],
    ["nobody known", "block u=bob", { users: [] }, false],
    ["a session", "end_session s=s1", {}, true],
    ["a key", "block k=k1", { apiKeys: ["k1"] }, true],
    ["a route by the path", "block r=/login", {}, true],
    ["a route by another spelling", "block r=/Login/", { path: "//LOGIN" }, true],
    ["an open route by the path", "block r=/users/:id", { path: "/users/7" }, true],
    ["a route by what the framework says", "block r=/u/:id", { path: "/rewritten", route: "/u/:id" }, true],
    ["another route", "block r=/logout", {}, false],
    ["an address on a route", "block a=203.0.113.7 r=/login", {}, true],
    ["an address on another route", "block a=203.0.113.7 r=/logout", {}, false],
    ["another address on the route", "block a=203.0.113.8 r=/login", {}, false],
    ["all kinds", "block a=203.0.113.0/24 u=u1 s=s1 k=k1 r=/login", { users: ["u1"], apiKeys: ["k1"] }, true],
    [
      "all kinds, one of them not",
      "block a=203.0.113.0/24 u=u1 s=s1 k=k2 r=/login",
      { users: ["u1"], apiKeys: ["k1"] },
      false,
    ],
  ])("hold of %s", (_name, decision, about, expected) => {
    expect(standing([decision], about)).toEqual(expected ? [decision] : []);
  });

  it.each([
    ["the longer prefix", ["block a=203.0.113.0/24", "observe a=203.0.113.7"], ["observe a=203.0.113.7"]],
    [
      "the longest of three",
      ["block a=0.0.0.0/0", "throttle a=203.0.113.0/24", "block a=203.0.113.0/28"],
      ["block a=203.0.113.0/28"],
    ],
    ["more targets", ["block a=203.0.113.7", "throttle a=203.0.113.7 r=/login"], ["throttle a=203.0.113.7 r=/login"]],
    [
      "neither where one has the longer prefix and the other one more target",
      ["throttle a=203.0.113.7", "observe a=203.0.113.0/24 r=/login"],
      ["throttle a=203.0.113.7", "observe a=203.0.113.0/24 r=/login"],
    ],
    [
      "none of different kinds, the strictest first",
      ["observe r=/login", "throttle a=203.0.113.7", "end_session s=s1", "block u=ada", "step_up a=203.0.113.7"],
      ["block u=ada", "end_session s=s1", "step_up a=203.0.113.7", "throttle a=203.0.113.7", "observe r=/login"],
    ],
  ])("override each other by %s", (_name, decisions, expected) => {
    expect(standing(decisions, { users: ["ada"] })).toEqual(expected);
    expect(standing(decisions.toReversed(), { users: ["ada"] })).toEqual(expected);
  });

  it("of the same action on the same target count by their end, then by id", () => {
    const set = createGuardDecisions({ now: () => 0 });
    set.replace([
      { ...of("block a=203.0.113.7", 1000), id: "short" },
      { ...of("block a=203.0.113.7", 2000), id: "b" },
      { ...of("block a=203.0.113.7", 2000), id: "a" },
    ]);
    expect(set.find(subject).map(({ id }) => id)).toEqual(["a", "b", "short"]);
  });
});

/** What the guard's words mean, written down without any of its ways: every decision, every target, one after the other. */
function naive(decisions: readonly GuardDecision[], about: GuardSubject): readonly string[] {
  const bitsOf = ({ targets }: GuardDecision): number => {
    const address = targets.find(({ kind }) => kind === "client.address")?.value;
    if (address === undefined) return 0;
    return Number(address.split("/")[1] ?? (address.includes(":") ? 128 : 32));
  };
  const holds = ({ kind, value }: GuardTarget): boolean => {
    if (kind === "user.hash") return about.users.includes(value);
    if (kind === "session.id") return about.sessions.includes(value);
    if (kind === "vedette.api_key.hash") return about.apiKeys.includes(value);
    if (kind === "http.route") return about.path === value;
    if (about.address === undefined) return false;
    const list = new BlockList();
    const [network = "", bits = network.includes(":") ? "128" : "32"] = value.split("/");
    const family = (text: string) => (text.includes(":") ? "ipv6" : "ipv4");
    list.addSubnet(network, Number(bits), family(network));
    // node takes an address of IPv4 for one of IPv6, too; a decision about ::/0 is about IPv6.
    return family(network) === family(about.address) && list.check(about.address, family(about.address));
  };
  const found = decisions.filter(({ targets }) => targets.every(holds));
  const kinds = ({ targets }: GuardDecision) => new Set(targets.map(({ kind }) => kind));
  const overrides = (a: GuardDecision, b: GuardDecision): boolean =>
    kinds(b).isSubsetOf(kinds(a)) && bitsOf(a) >= bitsOf(b) && (kinds(a).size > kinds(b).size || bitsOf(a) > bitsOf(b));
  return found
    .filter((one) => !found.some((other) => overrides(other, one)))
    .toSorted(
      (a, b) =>
        GUARD_ACTIONS.indexOf(a.action) - GUARD_ACTIONS.indexOf(b.action) ||
        b.expiresAt - a.expiresAt ||
        (a.id < b.id ? -1 : 1),
    )
    .map(({ id }) => id);
}

const anyTarget = fc.oneof(
  fc
    .constantFrom("203.0.113.7", "203.0.113.0/24", "203.0.0.0/16", "0.0.0.0/0", "2001:db8::7", "2001:db8::/32", "::/0")
    .map((value) => ({ kind: "client.address", value }) as const),
  fc.constantFrom("ada", "bob").map((value) => ({ kind: "user.hash", value }) as const),
  fc.constantFrom("s1", "s2").map((value) => ({ kind: "session.id", value }) as const),
  fc.constantFrom("k1", "k2").map((value) => ({ kind: "vedette.api_key.hash", value }) as const),
  fc.constantFrom("/login", "/orders").map((value) => ({ kind: "http.route", value }) as const),
);
const anyDecision = fc.record({
  action: fc.constantFrom(...GUARD_ACTIONS),
  targets: fc.uniqueArray(anyTarget, { minLength: 1, maxLength: 4, selector: ({ kind }) => kind }),
  lasts: fc.integer({ min: 1, max: 20 }),
});
const anySubject: fc.Arbitrary<GuardSubject> = fc.record({
  address: fc.constantFrom("203.0.113.7", "203.0.113.8", "198.51.100.1", "2001:db8::7", "2001:db9::1", undefined),
  users: fc.subarray(["ada", "carol"]),
  sessions: fc.subarray(["s1", "s3"]),
  apiKeys: fc.subarray(["k1"]),
  path: fc.constantFrom("/login", "/orders", "/", undefined),
  route: fc.constant(undefined),
});

const toDecision = (
  { action, targets, lasts }: { action: GuardAction; targets: readonly GuardTarget[]; lasts: number },
  id: string,
  at: number,
): GuardDecision => ({
  id,
  action,
  targets,
  expiresAt: at + lasts,
  reason: "test",
  ...(action === "throttle" ? { rate: { limit: 1, seconds: 1 } } : {}),
});

it("find what a naive model finds, whatever is in force and whoever asks", () => {
  fc.assert(
    fc.property(fc.array(anyDecision, { maxLength: 12 }), anySubject, (drawn, about) => {
      const decisions = drawn.map((one, index) => toDecision(one, `d${index}`, 0));
      const set = createGuardDecisions({ now: () => 0 });
      set.replace(decisions);
      expect(set.find(about).map(({ id }) => id)).toEqual(naive(decisions, about));
    }),
    { numRuns: 1000 },
  );
});

it("are in force exactly as long as the worker said, through any snapshots, outages, expiries and steps of either clock", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("snapshot" as const), decisions: fc.array(anyDecision, { maxLength: 6 }) }),
    // An outage is time that passes without a snapshot.
    fc.record({ kind: fc.constant("wait" as const), time: fc.integer({ min: 0, max: 15 }) }),
    // The worker's clock is set; this process's wall clock is nothing that the guard looks at.
    fc.record({ kind: fc.constant("clock" as const), by: fc.integer({ min: -1_000_000, max: 1_000_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), anySubject, (steps, about) => {
      let monotonic = 5_000_000;
      let workerClock = 1_700_000_000_000;
      let size = 0;
      const set = createGuardDecisions({ now: () => monotonic, onChange: (difference) => (size += difference) });
      // The model: decisions with the moment at which each ends.
      let model: readonly { readonly decision: GuardDecision; readonly end: number }[] = [];
      for (const [index, each] of steps.entries()) {
        if (each.kind === "wait") {
          monotonic += each.time;
          workerClock += each.time;
        } else if (each.kind === "clock") workerClock += each.by;
        else {
          const decisions = each.decisions.map((one, at) => toDecision(one, `${index}.${at}`, workerClock));
          set.replace(decisions, workerClock);
          model = decisions.map((decision) => ({ decision, end: monotonic + decision.expiresAt - workerClock }));
        }
        const inForce = model.filter(({ end }) => end > monotonic);
        expect(set.size()).toBe(inForce.length);
        expect(size).toBe(inForce.length);
        expect(set.find(about).map(({ id }) => id)).toEqual(
          naive(
            inForce.map(({ decision, end }) => ({ ...decision, expiresAt: end })),
            about,
          ),
        );
      }
    }),
    { numRuns: 500 },
  );
});

it("cost about the same to look up among 100,000 as among 100", () => {
  const make = (count: number) => {
    const set = createGuardDecisions({ now: () => 0 });
    set.replace(
      Array.from({ length: count }, (_, index) => {
        const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
        const kinds = [
          [`a=${address}`],
          [`a=${address.replace(/\d+$/, "0")}/24`],
          [`u=user${index}`],
          [`s=session${index}`],
          [`a=${address}`, "r=/login"],
          [`a=2001:db8:${index.toString(16).padStart(5, "0").slice(0, 1)}:${(index & 65_535).toString(16)}::/64`],
        ];
        return of(`block ${(kinds[index % kinds.length] ?? []).join(" ")}`);
      }),
    );
    return set;
  };
  const strangers: readonly GuardSubject[] = Array.from({ length: 64 }, (_, index) => ({
    ...subject,
    address: index % 2 === 0 ? `192.0.2.${index}` : `2001:db9::${index}`,
  }));
  const measure = (set: ReturnType<typeof make>): number => {
    const times = Array.from({ length: 15 }, () => {
      const begin = performance.now();
      for (let round = 0; round < 200; round++) for (const stranger of strangers) set.find(stranger);
      return ((performance.now() - begin) / (200 * strangers.length)) * 1000;
    });
    return times.toSorted((a, b) => a - b)[3] ?? 0;
  };
  const [few, many] = [make(120), make(100_000)];
  measure(few);
  measure(many);
  const [small, large] = [measure(few), measure(many)];
  process.stdout.write(
    `one look-up: ${small.toFixed(2)} µs among 120, ${large.toFixed(2)} µs among 100,000 decisions\n`,
  );
  expect(many.size()).toBeGreaterThan(90_000);
  // A search through all would cost 800 times as much.
  expect(large / small).toBeLessThan(10);
});
