import { isIPv4, isIPv6 } from "node:net";
import { normaliseAddress } from "../client-address.ts";

/** A network: an address alone is one with all its bits. */
export interface AddressRange {
  readonly family: 4 | 6;
  /** Leading bits that count: at most 32 or 128. */
  readonly bits: number;
  /** What {@link networkKey} gives for every address in it. */
  readonly key: string;
}

/** An address as numbers, so that one can be cut to any number of bits. */
export interface AddressBits {
  readonly family: 4 | 6;
  /** The address as it is written. */
  readonly text: string;
  /** 32 bits each, the most significant first: one for IPv4, four for IPv6. */
  readonly words: readonly number[];
}

/**
 * Reads an address or a CIDR range (RFC 4632, RFC 4291). An IPv4-mapped range is the IPv4 range that it stands for.
 *
 * @returns `undefined` when it is neither.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const slash = text.indexOf("/");
  const address = normaliseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const parsed = addressBits(address);
  const full = parsed.family === 4 ? 32 : 128;
  if (slash < 0) return { family: parsed.family, bits: full, key: address };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return undefined;
  const mapped = parsed.family === 4 && text.includes(":");
  const bits = Number(digits) - (mapped ? 96 : 0);
  if (bits < 0 || bits > full) return undefined;
  return { family: parsed.family, bits, key: networkKey(parsed, bits) };
}

/**
 * Takes an address apart.
 *
 * @param address Normalised (`normaliseAddress`).
 */
export function addressBits(address: string): AddressBits {
  if (isIPv4(address)) {
    const word = address.split(".").reduce((value, part) => value * 256 + Number(part), 0);
    return { family: 4, text: address, words: [word] };
  }
  const [head = "", tail] = (isIPv6(address) ? address : "::").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
  const words = [0, 2, 4, 6].map(
    (index) => Number.parseInt(groups[index] ?? "0", 16) * 65_536 + Number.parseInt(groups[index + 1] ?? "0", 16),
  );
  return { family: 6, text: address, words };
}

/** One text for all addresses that agree in so many leading bits. */
export function networkKey(address: AddressBits, bits: number): string {
  const full = address.family === 4 ? 32 : 128;
  if (bits >= full) return address.text;
  const kept = address.words.map((word, index) => {
    const left = Math.min(32, Math.max(0, bits - 32 * index));
    const unit = 2 ** (32 - left);
    return word - (word % unit);
  });
  return `${kept.map((word) => word.toString(16)).join(":")}/${bits}`;
}
