/** An IPv4 or IPv6 network. Addresses are four 32-bit words; IPv4 is kept in the last, in `::ffff:0:0/96`. */
export interface Network {
  readonly words: readonly number[];
  /** Leading bits, counted over 128. */
  readonly bits: number;
  /** Whether it is of IPv4 addresses, be it in IPv6 notation (`::ffff:10.0.0.0/104`). */
  readonly isV4: boolean;
  /** As written, for explanations. */
  readonly text: string;
}

/** Reads `address/prefix` or a bare address; undefined when it is neither. Bits beyond the prefix are ignored. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const words = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (words === undefined) return undefined;
  const isV4 = !text.includes(":");
  const width = isV4 ? 32 : 128;
  const prefix = slash < 0 ? width : /^\d{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : -1;
  if (prefix < 0 || prefix > width) return undefined;
  const bits = isV4 ? prefix + 96 : prefix;
  return { words: words.slice(0, 4), bits, isV4: bits >= 96 && isMapped(words), text };
}

const isMapped = (words: readonly number[]): boolean => words[0] === 0 && words[1] === 0 && words[2] === 0xffff;

/**
 * The four words of an IPv4 or IPv6 address (a zone after `%` is ignored), or undefined. An IPv4-mapped IPv6 address is the IPv4 one, and
 * an IPv6 one too; a fifth word stands where the address is written as IPv4.
 */
export function parseAddress(text: string): readonly number[] | undefined {
  if (text.length < 2 || text.length > 64) return undefined;
  if (!text.includes(":")) {
    const v4 = parseV4(text);
    return v4 === undefined ? undefined : [0, 0, 0xffff, v4, 4];
  }
  const zone = text.indexOf("%");
  if (zone === text.length - 1) return undefined;
  return parseV6(zone < 0 ? text : text.slice(0, zone));
}

/** Whether an address lies in a network. */
export function contains(network: Network, address: readonly number[]): boolean {
  // `::/0` is every IPv6 address, and no IPv4 one.
  if (!network.isV4 && address.length > 4) return false;
  let bits = network.bits;
  for (let index = 0; bits > 0; index++, bits -= 32) {
    const mask = bits >= 32 ? 0xffffffff : ~(0xffffffff >>> bits);
    if (((network.words[index] ?? 0) & mask) !== ((address[index] ?? 0) & mask)) return false;
  }
  return true;
}

/** Four decimal numbers. One with a leading zero is octal to some programs and decimal to others, so it is no address. */
function parseV4(text: string): number | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let index = 1; index <= 4; index++) {
    const octet = Number(match[index]);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return value;
}

function parseV6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const left = groups(halves[0] ?? "", halves.length === 1);
  const right = halves.length === 2 ? groups(halves[1] ?? "", true) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...left, ...Array.from({ length: missing }, () => 0), ...right];
  return [0, 2, 4, 6].map((index) => (all[index] ?? 0) * 65_536 + (all[index + 1] ?? 0));
}

/** The 16-bit groups of a part of an address, whose last may be written as IPv4 at the address's end. */
function groups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const result: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (isEnd && index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      result.push(v4 >>> 16, v4 & 0xffff);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) result.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return result;
}
