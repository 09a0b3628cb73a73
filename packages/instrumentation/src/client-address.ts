import { BlockList, isIP, isIPv4 } from "node:net";
import { forwardedHops, type ForwardedHeader } from "./forwarded-hops.ts";

/**
 * Writes an address the one way in which addresses are compared: IPv4-mapped IPv6 as IPv4, no zone, lower case, no brackets or port.
 *
 * @returns `undefined` when the text is no IP address.
 */
export function normaliseAddress(text: string): string | undefined {
  // What a socket says, nearly always.
  if (isIPv4(text)) return text;
  let address = text.trim();
  if (address.startsWith("[")) {
    const end = address.indexOf("]");
    if (end < 0) return undefined;
    address = address.slice(1, end);
  } else if (address.indexOf(":") === address.lastIndexOf(":") && address.includes(".")) {
    // "192.0.2.1:4711"; an IPv6 address has two colons or more.
    const colon = address.indexOf(":");
    if (colon >= 0) address = address.slice(0, colon);
  }
  const zone = address.indexOf("%");
  if (zone >= 0) address = address.slice(0, zone);
  const kind = isIP(address);
  if (kind === 4) return address;
  if (kind === 0) return undefined;
  address = canonicalIpv6(address);
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** RFC 5952 spelling, with mapped addresses written with dots. */
function canonicalIpv6(address: string): string {
  const spelled = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled);
  if (mapped === null) return spelled;
  const high = Number.parseInt(mapped[1] ?? "0", 16);
  const low = Number.parseInt(mapped[2] ?? "0", 16);
  return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/**
 * The network of a normalised address, as CIDR: /24 of IPv4, /48 of IPv6. It is written as what it is, so that nobody takes it for an address: a block of
 * it is a block of the network.
 */
export function truncateAddress(address: string): string {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf("."))}.0/24`;
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
  return `${canonicalIpv6(`${all.slice(0, 3).join(":")}::`)}/48`;
}

/** Proxies that are believed when they say for whom they ask. */
export interface TrustedProxies {
  readonly isEmpty: boolean;
  /** The header in which they say it. Another one is the client's to write: a proxy passes on what it does not know. */
  readonly header: ForwardedHeader;
  /** @param address Normalised address. */
  has(address: string): boolean;
}

/**
 * Reads a list of addresses and CIDR ranges.
 *
 * @returns The proxies, and the entries that are neither an address nor a range.
 */
export function parseTrustedProxies(
  entries: readonly string[],
  header: ForwardedHeader = "x-forwarded-for",
): {
  proxies: TrustedProxies;
  invalid: readonly string[];
} {
  const list = new BlockList();
  const invalid: string[] = [];
  let count = 0;
  for (const entry of entries) {
    const [text = "", bits] = entry.trim().split("/");
    const address = normaliseAddress(text);
    if (address === undefined) {
      invalid.push(entry);
      continue;
    }
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) {
      list.addAddress(address, family);
      count++;
      continue;
    }
    const prefix = Number(bits);
    if (!/^\d{1,3}$/.test(bits) || prefix > (family === "ipv4" ? 32 : 128)) {
      invalid.push(entry);
      continue;
    }
    list.addSubnet(address, prefix, family);
    count++;
  }
  const proxies = {
    isEmpty: count === 0,
    header,
    has: (address: string) => list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6"),
  };
  return { proxies, invalid };
}

/**
 * Decides who sent a request: the socket's peer, or, when that is a trusted proxy, the right-most address of its header that is none. What
 * stands further left was written by the client and proves nothing.
 *
 * @param peer Normalised address of the socket's peer.
 * @param forwarded Value of the proxies' header, or undefined.
 */
export function clientAddress(peer: string, forwarded: string | undefined, proxies: TrustedProxies): string {
  if (proxies.isEmpty || forwarded === undefined || !proxies.has(peer)) return peer;
  let client = peer;
  for (const hop of forwardedHops(proxies.header, forwarded)) {
    const address = hop === undefined ? undefined : normaliseAddress(hop);
    if (address === undefined) return client;
    client = address;
    if (!proxies.has(address)) return client;
  }
  return client;
}
