import { BlockList } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseAddress } from "../client-address.ts";
import { addressBits, networkKey, parseAddressRange } from "./address-range.ts";

const holds = (range: string, address: string): boolean | undefined => {
  const parsed = parseAddressRange(range);
  const bits = addressBits(normaliseAddress(address) ?? "");
  return parsed === undefined
    ? undefined
    : parsed.family === bits.family && networkKey(bits, parsed.bits) === parsed.key;
};

describe("a range of addresses", () => {
  it.each([
    ["203.0.113.0/24", "203.0.113.255", true],
    ["203.0.113.0/24", "203.0.114.0", false],
    ["203.0.113.77/24", "203.0.113.1", true],
    ["203.0.113.7", "203.0.113.7", true],
    ["203.0.113.7/32", "203.0.113.7", true],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "2001:db8::1", true],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["2001:DB8:0:0::1", "2001:db8::1", true],
    ["::ffff:203.0.113.0/120", "203.0.113.9", true],
    ["203.0.113.0/24", "::ffff:203.0.113.9", true],
    ["203.0.113.0/33", "203.0.113.0", undefined],
    ["203.0.113.0/", "203.0.113.0", undefined],
    ["203.0.113/24", "203.0.113.0", undefined],
    ["::/129", "::1", undefined],
    ["example.com/24", "203.0.113.0", undefined],
  ])("%s holds %s: %s", (range, address, expected) => {
    expect(holds(range, address)).toBe(expected);
  });

  it("holds what node's own list says, for any range and address", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(address, fc.nat(), address, fc.boolean(), (base, bits, other, near) => {
        const family = (text: string) => (text.includes(":") ? "ipv6" : "ipv4");
        const full = family(base) === "ipv4" ? 32 : 128;
        const length = bits % (full + 1);
        const list = new BlockList();
        list.addSubnet(base, length, family(base));
        // An address of the network itself every other time: two random ones rarely meet.
        const asked = near ? base : other;
        const [one, two] = [normaliseAddress(base), normaliseAddress(asked)];
        // Mapped addresses are another test's, and node takes those of IPv4 for ones of IPv6, too.
        fc.pre(one !== undefined && two !== undefined && family(one) === family(base) && family(two) === family(base));
        expect(holds(`${base}/${length}`, asked)).toBe(list.check(asked, family(asked)));
      }),
      { numRuns: 500 },
    );
  });
});
