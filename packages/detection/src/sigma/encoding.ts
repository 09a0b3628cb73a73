import { ANY, type Pattern, literalText, normalise } from "./pattern.ts";

/** What the modifiers `utf16le`, `utf16be`, `utf16` do to a text. */
export type Utf16 = "utf16le" | "utf16be" | "utf16";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** UTF-8 bytes of a text. */
export function utf8(text: string): readonly number[] {
  return [...new TextEncoder().encode(text)];
}

/** UTF-16 bytes of a text; `utf16` is little endian after a byte order mark. */
export function utf16(text: string, form: Utf16): readonly number[] {
  const bytes: number[] = form === "utf16" ? [0xff, 0xfe] : [];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (form === "utf16be") bytes.push(unit >>> 8, unit & 0xff);
    else bytes.push(unit & 0xff, unit >>> 8);
  }
  return bytes;
}

/** Base64 with padding. */
export function base64(bytes: readonly number[]): string {
  let result = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = bytes.slice(index, index + 3);
    const left = bytes.length - index;
    result += ALPHABET.charAt(a >>> 2) + ALPHABET.charAt(((a & 3) << 4) | (b >>> 4));
    result += left > 1 ? ALPHABET.charAt(((b & 15) << 2) | (c >>> 6)) : "=";
    result += left > 2 ? ALPHABET.charAt(c & 63) : "=";
  }
  return result;
}

/** The part of the Base64 text of anything that holds these bytes which does not depend on what surrounds them, for each of the three alignments. */
export function base64Offsets(bytes: readonly number[]): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = base64([...Array.from({ length: shift }, () => 0), ...bytes]);
    const start = [0, 2, 3][shift] ?? 0;
    const cut = [0, 3, 2][(bytes.length + shift) % 3] ?? 0;
    return encoded.slice(start, encoded.length - cut);
  });
}

/** The literal text of a pattern for an encoding, or undefined when it has wildcards. */
export function encodable(pattern: Pattern): string | undefined {
  return literalText(pattern);
}

/** The pattern with the position modifiers' wildcards around it. */
export function placed(pattern: Pattern, position: "whole" | "start" | "end" | "anywhere"): Pattern {
  const before: Pattern = position === "end" || position === "anywhere" ? [ANY] : [];
  const after: Pattern = position === "start" || position === "anywhere" ? [ANY] : [];
  return normalise([...before, ...pattern, ...after]);
}
