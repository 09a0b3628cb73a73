/** Bytes of refused input that are kept. */
export const SAMPLE_BYTES = 1_024;

/** The first 1,024 bytes as text; everything but printable ASCII is written as `\xNN`, a backslash as `\\`. */
export const sampleOf = (input: Uint8Array | string): string => {
  const bytes = typeof input === "string" ? Buffer.from(input.slice(0, SAMPLE_BYTES)) : input;
  let text = "";
  for (const byte of bytes.subarray(0, SAMPLE_BYTES)) {
    if (byte === 0x5c) text += "\\\\";
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCodePoint(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
};
