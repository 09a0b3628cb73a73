const PART = /^(?:0x[\da-f]{1,16}|\d{1,12})$/i;

/**
 * What an address of a URL is: `inside` (loopback, private, link-local, metadata, unspecified), `disguised` (spelt as a number, in octal or
 * in hexadecimal, which no honest link is), `public`; undefined when it is a name.
 */
export function addressKind(host: string): "inside" | "disguised" | "public" | undefined {
  if (host.includes(":")) return kindOfIPv6(host.toLowerCase());
  const parts = host.split(".");
  if (parts.length > 4 || !parts.every((part) => PART.test(part))) return undefined;
  const numbers = parts.map((part) =>
    /^0x/i.test(part) ? Number.parseInt(part, 16) : /^0[0-7]+$/.test(part) ? Number.parseInt(part, 8) : Number(part),
  );
  const disguised = parts.length < 4 || parts.some((part) => /^0x/i.test(part) || /^0\d/.test(part));
  // The last part fills all the bytes that are left; more than fits wraps around in old parsers.
  let address = numbers.at(-1) ?? 0;
  for (const [index, number] of numbers.slice(0, -1).entries()) address += (number % 256) * 256 ** (3 - index);
  if (isInside(address % 2 ** 32)) return "inside";
  if (!disguised && numbers.some((number) => number > 255)) return undefined;
  return disguised ? "disguised" : "public";
}

function isInside(address: number): boolean {
  const [a, b, c, d] = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256) as [
    number,
    number,
    number,
    number,
  ];
  if (a === 127 || a === 10 || a === 0) return true;
  if (a === 172 && b >= 16 && b < 32) return true;
  if (a === 192 && b === 168) return true;
  if (a === 169 && b === 254) return true;
  if (a === 192 && b === 0 && c === 0 && d === 192) return true;
  if (a === 100 && b >= 64 && b < 128) return true;
  return a === 168 && b === 63 && c === 129 && d === 16;
}

function kindOfIPv6(host: string): "inside" | "public" {
  const mapped = /^(?:0{0,4}:){1,5}:?(?:ffff:)?(?:0:)?(\d{1,3}(?:\.\d{1,3}){3})$/.exec(host);
  if (mapped?.[1] !== undefined) return addressKind(mapped[1]) === "public" ? "public" : "inside";
  const hex = /^(?:0{0,4}:){1,5}:?ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(host);
  if (hex !== null)
    return isInside(Number.parseInt(hex[1] ?? "", 16) * 65_536 + Number.parseInt(hex[2] ?? "", 16))
      ? "inside"
      : "public";
  if (/^(?:0{0,4}:){0,7}:?0{0,3}[01]?$/.test(host)) return "inside";
  return /^(?:fe[89ab][\da-f]|f[cd][\da-f]{2}):/.test(host) || /^[\da-f]{1,4}::$/.test(host) ? "inside" : "public";
}
