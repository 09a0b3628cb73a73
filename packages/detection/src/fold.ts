/** Characters whose lower case depends on their place in the word or is longer than one character. */
const IRREGULAR = /[\u0130\u03a3\u03c2]/;

/**
 * Lower case, one character at a time, so that folding a part of a text gives the same part of the folded text: `İ` stays, and the
 * three forms of sigma are one.
 */
export function fold(text: string): string {
  if (!IRREGULAR.test(text)) return text.toLowerCase();
  let result = "";
  for (const char of text) {
    if (char === "\u0130") result += char;
    else if (char === "\u03c2" || char === "\u03a3") result += "\u03c3";
    else result += char.toLowerCase();
  }
  return result;
}

const DASHES = /[/\u2013\u2014\u2015]/g;

/** Writes each of the five characters that the modifier `windash` treats as one (`-`, `/`, en dash, em dash, horizontal bar) as `-`. */
export function foldDashes(text: string): string {
  return text.replace(DASHES, "-");
}

/** Lower case of the first 256 code units, as far as it is a matter of ASCII. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, unit) =>
  unit >= 0x41 && unit <= 0x5a ? unit + 32 : unit,
);
