import { BlockList, isIP } from "node:net";

/** A set of addresses and networks. */
export interface AddressList {
  has(address: string): boolean;
  /** Whether any address of a network, or the address that it is, is in the list. */
  touches(network: string): boolean;
}

/**
 * Reads addresses and CIDR networks, IPv4 and IPv6 (RFC 4632, RFC 4291).
 * @throws RangeError naming the first entry that is neither
 */
export function parseAddressList(entries: readonly string[]): AddressList {
  const list = new BlockList();
  const networks: string[] = [];
  for (const entry of entries) {
    const [address = "", bits, ...rest] = entry.trim().split("/");
    const version = isIP(address);
    const prefix =
      bits === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/u.test(bits) ? Number(bits) : Number.NaN;
    if (version === 0 || rest.length > 0 || !(prefix <= (version === 4 ? 32 : 128))) {
      throw new RangeError(`"${entry}" is neither an address nor a network like 10.0.0.0/8.`);
    }
    list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
    networks.push(canonicalAddress(address) ?? address);
  }
  const has = (address: string): boolean => {
    const plain = canonicalAddress(address);
    if (plain === undefined) return false;
    return list.check(plain, isIP(plain) === 4 ? "ipv4" : "ipv6");
  };
  return {
    has,
    // Of two networks that touch, one holds the other's first address.
    touches(network) {
      const [first = "", bits] = network.split("/");
      if (bits === undefined) return has(first);
      const own = parseAddressList([network]);
      return has(first) || networks.some((address) => own.has(address));
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

/** One spelling for one address or one network, which is written with its first address. Undefined when it is neither. */
export function canonicalNetwork(text: string): string | undefined {
  const [address = "", digits, ...rest] = text.trim().split("/");
  const plain = canonicalAddress(address);
  if (plain === undefined || rest.length > 0) return undefined;
  if (digits === undefined) return plain;
  const full = isIP(plain) === 4 ? 32 : 128;
  const bits = Number(digits) - (full === 32 && address.includes(":") ? 96 : 0);
  if (!/^\d{1,3}$/u.test(digits) || bits < 0 || bits > full) return undefined;
  return bits === full ? plain : `${firstAddress(plain, bits)}/${bits}`;
}

function firstAddress(address: string, bits: number): string {
  if (isIP(address) === 4) {
    const word = address.split(".").reduce((value, part) => value * 256 + Number(part), 0);
    const first = word - (word % 2 ** (32 - bits));
    return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
  }
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
  const kept = groups.map((group, index) => {
    const own = Math.min(16, Math.max(0, bits - 16 * index));
    const word = Number.parseInt(group, 16);
    return (word - (word % 2 ** (16 - own))).toString(16);
  });
  return canonicalAddress(kept.join(":")) ?? kept.join(":");
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
