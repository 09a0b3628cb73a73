import { expect, test } from "vitest";
import { contains, parseAddress, parseNetwork } from "./network.ts";

test.each([
  "010.0.0.1",
  "10.00.0.1",
  "10.0.0.256",
  "10.0.0",
  "::ffff:010.0.0.1",
  "1.2.3.4::",
  "1:2.3.4.5::",
  "1:2:3:4:5:6:7:8:9",
  "1::2::3",
  "fe80::1%",
  "12345::",
  "",
  ":",
])("%j is no address", (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each(["010.0.0.0/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/a"])("%j is no network", (text) => {
  expect(parseNetwork(text)).toBeUndefined();
});

test.each<[string, string, boolean]>([
  ["10.0.0.0/8", "10.255.0.1", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["10.0.0.0/8", "::ffff:10.0.0.1", true],
  ["10.0.0.0/8", "::ffff:a00:1", true],
  ["::ffff:10.0.0.0/104", "10.1.2.3", true],
  ["fe80::/10", "fe80::1%eth0", true],
  ["102:304::/32", "102:304::1", true],
  ["::/0", "10.0.0.1", false],
  ["::/0", "::1", true],
])("%s holds %s: %s", (network, address, expected) => {
  const parsed = parseNetwork(network);
  const words = parseAddress(address);
  if (parsed === undefined || words === undefined) throw new Error("It could not be read.");
  expect(contains(parsed, words)).toBe(expected);
});
