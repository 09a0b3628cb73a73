import { describe, expect, it } from "vitest";
import { ruleText } from "../testing/rule-text.ts";
import { loadRules } from "./load-rules.ts";

const load = (response: string) =>
  loadRules([
    {
      path: "a.yml",
      text: ruleText("selection:\n  Image: a\ncondition: selection", `vedette:\n  response: [ { ${response} } ]\n`),
    },
  ]);

describe("a response", () => {
  it.each<[string, string, object]>([
    [
      "blocks an address in any field",
      "action: block_address, field: source.ip, for: 15m",
      { action: "block_address", field: "source.ip", for: 900_000 },
    ],
    [
      "knows what the fields of our own events hold",
      "action: step_up, field: user.hash, for: 1h",
      { action: "step_up", field: "user.hash", target: "user.hash", for: 3_600_000 },
    ],
    [
      "is told what other fields hold",
      "action: block, field: TargetKey, target: vedette.api_key.hash, for: 1h",
      { action: "block", field: "TargetKey", target: "vedette.api_key.hash", for: 3_600_000 },
    ],
    [
      "is narrowed to a route, with a rate and a burst",
      "action: throttle, field: client.address, route: /login, rate: 10/1m, burst: 3, for: 1h",
      {
        action: "throttle",
        field: "client.address",
        target: "client.address",
        route: "/login",
        rate: { limit: 10, seconds: 60, burst: 3 },
        for: 3_600_000,
      },
    ],
    [
      "takes a rate by its unit alone",
      "action: throttle, field: http.route, rate: 5/s, for: 1m",
      { action: "throttle", field: "http.route", target: "http.route", rate: { limit: 5, seconds: 1 }, for: 60_000 },
    ],
    [
      "ends a session",
      "action: end_session, field: session.id, for: 8h",
      { action: "end_session", field: "session.id", target: "session.id", for: 28_800_000 },
    ],
  ])("%s", (_name, response, expected) => {
    const { rules, problems } = load(response);
    expect(problems).toEqual([]);
    expect(rules[0]?.extension.response).toEqual([expected]);
  });

  it.each<[string, string, RegExp]>([
    ["with an action that nobody knows", "action: banish, field: a, for: 1m", /block_address, block, end_session/],
    [
      "that does not say what a field holds",
      "action: block, field: source.ip, for: 1m",
      /"response.target" is missing/,
    ],
    ["with a target that nobody knows", "action: block, field: a, target: shoe, for: 1m", /client.address, user.hash/],
    ["that blocks an address by a rate", "action: block_address, field: a, rate: 1/s, for: 1m", /takes no "rate"/],
    ["that throttles without a rate", "action: throttle, field: client.address, for: 1m", /"response.rate" must say/],
    [
      "with a rate of nothing",
      "action: throttle, field: client.address, rate: 0/s, for: 1m",
      /"response.rate" must say/,
    ],
    [
      "with a rate in no time",
      "action: throttle, field: client.address, rate: 1/0s, for: 1m",
      /"response.rate" must say/,
    ],
    ["with half a burst", "action: throttle, field: client.address, rate: 1/s, burst: 0.5, for: 1m", /whole number/],
    ["that blocks with a rate", "action: block, field: client.address, rate: 1/s, for: 1m", /Only "throttle"/],
    ["that ends an address's session", "action: end_session, field: client.address, for: 1m", /cannot be ended by/],
    ["with two routes", "action: block, field: http.route, route: /a, for: 1m", /said twice/],
    ["with a key that nobody knows", "action: block, field: client.address, fro: 1m", /"fro"/],
  ])("%s is refused with its place", (_name, response, why) => {
    const { rules, problems } = load(response);
    expect(rules).toEqual([]);
    expect(problems.map(({ message, suggestion }) => `${message} ${suggestion ?? ""}`).join(" ")).toMatch(why);
    expect(problems.every(({ line }) => line !== undefined && line > 1)).toBe(true);
  });
});
