import * as fc from "fast-check";
import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { clientAddress, normaliseAddress, parseTrustedProxies, truncateAddress } from "./client-address.ts";

describe("an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    [" 192.0.2.1:443 ", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["[2001:DB8::1]:443", "2001:db8::1"],
    ["2001:db8:0:0:0:0:0:1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
    ["unknown", undefined],
    ["192.0.2.300", undefined],
    ["[::1", undefined],
    ["", undefined],
  ])("%j is written %j", (text, expected) => {
    expect(normaliseAddress(text)).toBe(expected);
  });

  it("is written the same again when written once", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const once = normaliseAddress(text);
        return once !== undefined && isIP(once) > 0 && normaliseAddress(once) === once;
      }),
    );
  });
});

describe("a truncated address", () => {
  it.each([
    ["192.0.2.77", "192.0.2.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
    ["2001:db8::1", "2001:db8::/48"],
    ["::1", "::/48"],
    ["fe80::1:2", "fe80::/48"],
    ["unix", "unix"],
  ])("of %s is %s", (address, expected) => {
    expect(truncateAddress(address)).toBe(expected);
  });

  it("is a network that the address is in", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = normaliseAddress(text) ?? "";
        const { proxies: network, invalid: none } = parseTrustedProxies([truncateAddress(address)]);
        return none.length === 0 && network.has(address);
      }),
    );
  });
});

describe("the client", () => {
  const { proxies, invalid } = parseTrustedProxies([
    "127.0.0.1",
    "10.0.0.0/8",
    "2001:db8::/32",
    "proxy.example",
    "10.0.0.0/99",
  ]);

  it("reports what is neither an address nor a range", () => {
    expect(invalid).toEqual(["proxy.example", "10.0.0.0/99"]);
  });

  it.each([
    ["203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["127.0.0.1", "198.51.100.66, 198.51.100.1, 10.9.9.9", "198.51.100.1"],
    ["127.0.0.1", "198.51.100.66, nonsense, 10.9.9.9", "10.9.9.9"],
    ["127.0.0.1", "10.0.0.1,10.0.0.2", "10.0.0.1"],
    ["2001:db8::5", "[2001:db9::1]:80", "2001:db9::1"],
    ["127.0.0.1", ",,,", "127.0.0.1"],
  ])("behind %s with X-Forwarded-For %j is %s", (peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor, proxies)).toBe(expected);
  });

  it.each([
    ["203.0.113.9", "for=198.51.100.1", "203.0.113.9"],
    ["127.0.0.1", "for=198.51.100.1", "198.51.100.1"],
    ["127.0.0.1", 'For="198.51.100.1:4711";proto=https;by=10.0.0.1', "198.51.100.1"],
    ["127.0.0.1", 'proto=https ; for="[2001:db9::1]:80"', "2001:db9::1"],
    ["127.0.0.1", "for=198.51.100.66, for=198.51.100.1, for=10.9.9.9", "198.51.100.1"],
    ["127.0.0.1", 'for="198.51.100.66, for=198.51.100.1', "198.51.100.1"],
    ["127.0.0.1", 'for="198.51.100.66\\", for=198.51.100.1', "198.51.100.1"],
    ["127.0.0.1", 'for=x;secret="a, for=198.51.100.66, b", for=198.51.100.1', "198.51.100.1"],
    ["127.0.0.1", "for=198.51.100.66, for=unknown, for=10.9.9.9", "10.9.9.9"],
    ["127.0.0.1", "for=198.51.100.66, for=_hidden", "127.0.0.1"],
    ["127.0.0.1", "for=198.51.100.66;for=198.51.100.67", "127.0.0.1"],
    ["127.0.0.1", "by=198.51.100.66", "127.0.0.1"],
    ["127.0.0.1", "198.51.100.66", "127.0.0.1"],
    ["127.0.0.1", '"', "127.0.0.1"],
  ])("behind %s with Forwarded %j is %s", (peer, forwarded, expected) => {
    expect(clientAddress(peer, forwarded, parseTrustedProxies(["127.0.0.1", "10.0.0.0/8"], "forwarded").proxies)).toBe(
      expected,
    );
  });

  it("is whom the nearest proxy saw, whatever a client wrote before it", () => {
    for (const header of ["x-forwarded-for", "forwarded"] as const) {
      const { proxies: trusted } = parseTrustedProxies(["127.0.0.1"], header);
      const appended = header === "forwarded" ? "for=198.51.100.1" : "198.51.100.1";
      fc.assert(
        fc.property(
          fc.oneof(fc.string(), fc.stringMatching(/^[for=",;\\ 0-9.:[\]]{0,40}$/)),
          (written) => clientAddress("127.0.0.1", `${written}, ${appended}`, trusted) === "198.51.100.1",
        ),
        { numRuns: 2000 },
      );
    }
  });

  it("is the peer when no proxy is trusted, whatever it claims", () => {
    const nobody = parseTrustedProxies([]).proxies;
    fc.assert(
      fc.property(fc.string(), (forwardedFor) => clientAddress("203.0.113.9", forwardedFor, nobody) === "203.0.113.9"),
    );
  });
});
