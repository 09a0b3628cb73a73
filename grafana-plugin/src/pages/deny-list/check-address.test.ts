import { expect, it } from "vitest";
import { checkAddress } from "./check-address.ts";

it.each(["203.0.113.7", "0.0.0.0", "255.255.255.255", "2001:db8::7", "::1", "::ffff:203.0.113.7"])(
  "takes %s",
  (text) => {
    expect(checkAddress(text)).toBeUndefined();
  },
);

it.each([
  "",
  "203.0.113",
  "203.0.113.256",
  "203.0.113.7.1",
  "example.org",
  "203.0.113.0/24",
  "2001:db8:::7",
  "1:2",
  ":",
  "[::1]",
])("refuses %j with a word about it", (text) => {
  expect(checkAddress(text)).toMatch(/\.$/);
});
