import { expect, it } from "vitest";
import { describeEntry, describeTargets, nameEntry, type Denied, targetsOf } from "./deny-list.ts";

it.each<[Denied, string, string]>([
  [{ address: "203.0.113.7" }, "Blocked 203.0.113.7", "block of 203.0.113.7"],
  [
    {
      action: "throttle",
      targets: [
        { kind: "client.address", value: "203.0.113.0/24" },
        { kind: "http.route", value: "/login" },
      ],
      rate: { limit: 5, seconds: 60 },
    },
    "Throttled 203.0.113.0/24 on /login to 5 requests in 60 s",
    "throttle of 203.0.113.0/24 on /login",
  ],
  [
    { action: "step_up", targets: [{ kind: "user.hash", value: "4f2a91c03b7d" }], label: "ada" },
    "Asked user ada (4f2a91c0) for a step-up",
    "step-up of user ada (4f2a91c0)",
  ],
  [
    { action: "end_session", targets: [{ kind: "session.id", value: "77aa" }] },
    "Ended session 77aa",
    "end of session 77aa",
  ],
  [
    { action: "block", targets: [{ kind: "http.route", value: "/admin/*" }] },
    "Blocked everybody on /admin/*",
    "block of everybody on /admin/*",
  ],
  [
    { action: "observe", targets: [{ kind: "vedette.api_key.hash", value: "99bb" }] },
    "Observed API key 99bb",
    "observation of API key 99bb",
  ],
  [{ action: "off", targets: [] }, "Switched all guards off", "switching off of all guards"],
])("%j is told as it is", (entry, told, name) => {
  expect([describeEntry(entry), nameEntry(entry)]).toEqual([told, name]);
});

it("takes an entry from before there were targets for one about its address", () => {
  expect(targetsOf({ address: "203.0.113.7" })).toEqual([{ kind: "client.address", value: "203.0.113.7" }]);
  expect(describeTargets({ address: "203.0.113.7" })).toBe("203.0.113.7");
});
