import { BlockList, isIP } from "node:net";

/** A set of addresses and networks. */
export interface AddressList {
  has(address: string): boolean;
}

/**
 * Reads addresses and CIDR networks, IPv4 and IPv6 (RFC 4632, RFC 4291).
 * @throws RangeError naming the first entry that is neither
 */
export function parseAddressList(entries: readonly string[]): AddressList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits, ...rest] = entry.trim().split("/");
    const version = isIP(address);
    const prefix =
      bits === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/u.test(bits) ? Number(bits) : Number.NaN;
    if (version === 0 || rest.length > 0 || !(prefix <= (version === 4 ? 32 : 128))) {
      throw new RangeError(`"${entry}" is neither an address nor a network like 10.0.0.0/8.`);
    }
    list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
  }
  return {
    has(address) {
      const plain = canonicalAddress(address);
      if (plain === undefined) return false;
      return list.check(plain, isIP(plain) === 4 ? "ipv4" : "ipv6");
    },
  };
}

/** Whether a text is an address or a network that {@link parseAddressList} reads. */
export function isAddressOrNetwork(text: string): boolean {
  try {
    parseAddressList([text]);
    return true;
  } catch {
    return false;
  }
}

/** One spelling for one address: IPv4-mapped IPv6 as IPv4, IPv6 as RFC 5952 writes it. Undefined when it is not an address. */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version === 0 || text.includes("%")) return undefined;
  if (version === 4) return text;
  const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/u.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
