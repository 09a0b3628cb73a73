const HEX_PAIR = /^[0-9a-f]{2}$/i;
const HEX_QUAD = /^[0-9a-f]{4}$/i;

/**
 * Decodes percent-encoding as applications do, and goes on where they would give up: a bad sequence stays as it is, invalid UTF-8
 * becomes replacement characters, IIS's `%uXXXX` and overlong encodings of `/`, `.` and `\` are read as what they stand for.
 *
 * @param plusIsSpace True for queries and forms.
 */
export function decodePercent(text: string, plusIsSpace: boolean): string {
  const spaced = plusIsSpace && text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return decodeLeniently(spaced);
  }
}

function decodeLeniently(text: string): string {
  let decoded = "";
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) decoded += Buffer.from(withoutOverlong(bytes)).toString("utf8");
    bytes = [];
  };
  let index = 0;
  while (index < text.length) {
    const percent = text.indexOf("%", index);
    if (percent !== index) {
      flush();
      decoded += text.slice(index, percent < 0 ? text.length : percent);
      if (percent < 0) break;
      index = percent;
    }
    const pair = text.slice(index + 1, index + 3);
    if (HEX_PAIR.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      index += 3;
      continue;
    }
    flush();
    const quad = text.slice(index + 2, index + 6);
    if ((text[index + 1] === "u" || text[index + 1] === "U") && HEX_QUAD.test(quad)) {
      decoded += foldFullWidth(String.fromCharCode(Number.parseInt(quad, 16)));
      index += 6;
    } else {
      decoded += "%";
      index++;
    }
  }
  flush();
  return decoded;
}

/** Two-byte overlong forms (C0 AF for `/`): no valid UTF-8, but decoded by old servers, which is why attackers send them. */
function withoutOverlong(bytes: readonly number[]): number[] {
  const result: number[] = [];
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    const next = bytes[index + 1];
    if ((byte === 0xc0 || byte === 0xc1) && next !== undefined) {
      result.push(((byte & 1) << 6) | (next & 0x3f));
      index++;
    } else result.push(byte);
  }
  return result;
}

/** Full-width forms of ASCII (U+FF01 to U+FF5E) fold to ASCII in many databases and frameworks. */
function foldFullWidth(character: string): string {
  const code = character.charCodeAt(0);
  return code >= 0xff01 && code <= 0xff5e ? String.fromCharCode(code - 0xfee0) : character;
}

/**
 * The readings of one raw value that an application may come to: decoded once and, where encoding is left, twice.
 *
 * @param plusIsSpace True for queries and forms.
 */
export function readingsOf(raw: string, plusIsSpace: boolean): readonly string[] {
  const once = decodePercent(raw, plusIsSpace);
  if (!once.includes("%")) return [once];
  const twice = decodePercent(once, plusIsSpace);
  return twice === once ? [once] : [once, twice];
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
  colon: ":",
  lpar: "(",
  rpar: ")",
  tab: "\t",
  newline: "\n",
  sol: "/",
  nbsp: " ",
  grave: "`",
  equals: "=",
  lbrace: "{",
  lcub: "{",
  rbrace: "}",
  rcub: "}",
  dollar: "$",
  lsqb: "[",
  rsqb: "]",
  semi: ";",
  vert: "|",
  bsol: "\\",
  num: "#",
  excl: "!",
  percnt: "%",
  period: ".",
};

/** Decodes HTML character references, with or without their semicolon, as a browser does inside attribute values. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(
    /&(?:#x0{0,64}([0-9a-f]{1,6})|#0{0,64}(\d{1,7})|(lbrace|lcub|[a-z]{2,8}));?/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return NAMED_ENTITIES[name.toLowerCase()] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
