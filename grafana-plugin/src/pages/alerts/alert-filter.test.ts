import { expect, it } from "vitest";
import { readAlertQuery } from "./alert-filter.ts";

const now = 1_700_000_000_000;

it.each([
  { address: "", query: {} },
  { address: "status=open&severity=high&cursor=abc", query: { status: "open", severity: "high", cursor: "abc" } },
  { address: "since=1h", query: { from: now - 3_600_000 } },
  { address: "status=lost&severity=terrible&since=ever&entity=", query: {} },
  { address: "entity=203.0.113.7&rule=r1&sort=-time", query: { entity: "203.0.113.7", rule: "r1" } },
])("reads $address", ({ address, query }) => {
  expect(readAlertQuery(new URLSearchParams(address), now)).toEqual(query);
});
