const DIGITS = new Int8Array(128).fill(-1);
for (const [index, character] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries())
  DIGITS[character.charCodeAt(0)] = index;
DIGITS["-".charCodeAt(0)] = 62;
DIGITS["_".charCodeAt(0)] = 63;

const SHORTEST = 12;
const EQUALS = 0x3d;

/**
 * The text that a value stands for when it is base64 (either alphabet) of printable ASCII, else undefined. Random tokens end the reading
 * at their first bytes: of twelve random characters one set in 5,000 decodes to printable text.
 */
export function readBase64(value: string): string | undefined {
  let end = value.length;
  while (end > 0 && value.charCodeAt(end - 1) === EQUALS && value.length - end < 2) end--;
  if (end < SHORTEST || end % 4 === 1) return undefined;
  let bits = 0;
  let held = 0;
  const bytes: number[] = [];
  for (let index = 0; index < end; index++) {
    const code = value.charCodeAt(index);
    const digit = code < 128 ? (DIGITS[code] ?? -1) : -1;
    if (digit < 0) return undefined;
    held = ((held << 6) | digit) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (held >> bits) & 0xff;
    if ((byte < 0x20 || byte > 0x7e) && byte !== 9 && byte !== 10 && byte !== 13) return undefined;
    bytes.push(byte);
  }
  return String.fromCharCode(...bytes);
}
