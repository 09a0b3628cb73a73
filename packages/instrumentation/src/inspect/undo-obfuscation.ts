import { CHARACTERS as C } from "./character-classes.ts";
import { decodeEntities } from "./decode.ts";

const ESCAPE = /\\(?:u\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x([0-9a-f]{2}))/gi;
const CURLY_QUOTES = /[\u2018\u2019\u201a\u201b\u2032\u02bc]/g;

/**
 * What a value reads as once HTML entities, the escapes of programming languages and look-alikes of ASCII characters are undone; the value
 * itself when there are none.
 *
 * @param kinds Of the value, as `kindsOf` gives them.
 */
export function undoObfuscation(value: string, kinds: number): string {
  let text = value;
  if ((kinds & C.slash) !== 0 && text.includes("\\")) text = undoEscapes(text);
  if ((kinds & C.separator) !== 0 && text.includes("&")) {
    const decoded = decodeEntities(text);
    text = decoded === text ? text : undoEscapes(decodeEntities(decoded));
  }
  if ((kinds & C.lookAlike) !== 0) text = text.normalize("NFKC").replaceAll(CURLY_QUOTES, "'");
  return text;
}

function undoEscapes(text: string): string {
  return text.replaceAll(ESCAPE, (whole, braced?: string, long?: string, short?: string) => {
    const code = Number.parseInt(braced ?? long ?? short ?? "", 16);
    return Number.isInteger(code) && code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
