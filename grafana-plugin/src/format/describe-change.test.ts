import { expect, it } from "vitest";
import { describeChange } from "./describe-change.ts";

it.each([
  ["status:closed reason:true_positive", "Closed as true positive"],
  ["status:acknowledged assigned:ada", "Acknowledged, assigned to ada"],
  ["status:closed reason:other unassigned", "Closed as other, unassigned"],
  ["assigned:ada", "Assigned to ada"],
  ["unassigned", "Unassigned"],
  ["status:contained: Blocked: and reset", "Contained: Blocked: and reset"],
  ["note: status:closed is next", "Note: status:closed is next"],
  ["opened", "Opened"],
  ["Undid the block of 203.0.113.7", "Undid the block of 203.0.113.7"],
  ["", ""],
])("says %j as %j", (change, expected) => {
  expect(describeChange(change)).toBe(expected);
});
