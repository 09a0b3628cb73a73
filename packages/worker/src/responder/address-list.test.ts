import { describe, expect, it, test } from "vitest";
import { canonicalAddress, canonicalNetwork, parseAddressList } from "./address-list.ts";

describe("an address list", () => {
  const list = parseAddressList(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]);

  it.each([
    ["10.255.0.1", true],
    ["11.0.0.1", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["::ffff:10.1.2.3", true],
    ["2001:DB8:0:0::5", true],
    ["2001:db9::5", false],
    ["0:0:0:0:0:0:0:1", true],
    ["localhost", false],
  ])("%s: %s", (address, isListed) => {
    expect(list.has(address)).toBe(isListed);
  });

  it.each([
    ["10.255.0.1", true],
    ["11.0.0.1", false],
    ["10.1.0.0/16", true],
    ["8.0.0.0/6", true],
    ["0.0.0.0/0", true],
    ["192.0.2.0/24", true],
    ["192.0.3.0/24", false],
    ["2001:db8:1::/48", true],
    ["2000::/3", true],
    ["::/128", false],
    ["::/127", true],
    ["fd00::/8", false],
  ])("touches %s: %s", (network, touches) => {
    expect(list.touches(network)).toBe(touches);
  });

  it.each(["10.0.0.0/33", "10.0.0/8", "example.com", "::/129", "1.2.3.4/8/9", "1.2.3.4/", ""])(
    "refuses %j by name",
    (entry) => {
      expect(() => parseAddressList([entry])).toThrow(`"${entry}"`);
    },
  );
});

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::FFFF:203.0.113.7", "203.0.113.7"],
  ["2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
  ["fe80::1%eth0", undefined],
  ["203.0.113.7:80", undefined],
  ["", undefined],
])("writes %j as %j", (text, canonical) => {
  expect(canonicalAddress(text)).toBe(canonical);
});

test.each([
  ["203.0.113.99/24", "203.0.113.0/24"],
  ["203.0.113.99/25", "203.0.113.0/25"],
  ["203.0.113.199/25", "203.0.113.128/25"],
  ["203.0.113.7/32", "203.0.113.7"],
  ["203.0.113.7", "203.0.113.7"],
  ["255.255.255.255/0", "0.0.0.0/0"],
  ["::ffff:203.0.113.7/120", "203.0.113.0/24"],
  ["2001:DB8:1:2::3/48", "2001:db8:1::/48"],
  ["2001:db8:1:ffff::/49", "2001:db8:1:8000::/49"],
  ["::1/128", "::1"],
  ["::1/0", "::/0"],
  ["203.0.113.0/33", undefined],
  ["203.0.113.0/x", undefined],
  ["203.0.113.0/24/8", undefined],
  ["::ffff:203.0.113.7/90", undefined],
  ["example.com/8", undefined],
])("writes the network %j as %j", (text, canonical) => {
  expect(canonicalNetwork(text)).toBe(canonical);
});
