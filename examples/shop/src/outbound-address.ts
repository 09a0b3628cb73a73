import { BlockList, isIP } from "node:net";

/** Where an outbound request points, as far as it matters who may ask for it. */
export type AddressClass = "metadata" | "loopback" | "private" | "public";

const METADATA = new BlockList();
for (const address of ["169.254.169.254", "169.254.170.2", "100.100.100.200"]) METADATA.addAddress(address);
METADATA.addAddress("fd00:ec2::254", "ipv6");

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addSubnet("0.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");
LOOPBACK.addAddress("::", "ipv6");

const PRIVATE = new BlockList();
const PRIVATE_IPV4 = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "192.0.0.0/24",
  "198.18.0.0/15",
  "224.0.0.0/3",
];
const PRIVATE_IPV6 = ["fc00::/7", "fe80::/10", "ff00::/8", "64:ff9b::/96", "2002::/16"];
for (const [family, ranges] of [
  ["ipv4", PRIVATE_IPV4],
  ["ipv6", PRIVATE_IPV6],
] as const) {
  for (const range of ranges) {
    const [network = "", prefix = ""] = range.split("/");
    PRIVATE.addSubnet(network, Number(prefix), family);
  }
}

const LISTS = [
  ["metadata", METADATA],
  ["loopback", LOOPBACK],
  ["private", PRIVATE],
] as const;

/**
 * Classifies an IP address (without brackets). Ranges that reach inner networks by translation count as private, and so does what is no
 * address at all. Node compares IPv4-mapped IPv6 addresses with the IPv4 ranges.
 */
export function classifyAddress(address: string): AddressClass {
  const kind = isIP(address);
  if (kind === 0) return "private";
  for (const [name, list] of LISTS) if (list.check(address, kind === 4 ? "ipv4" : "ipv6")) return name;
  return "public";
}
