/** Longest text that is written to the scratch bytes, in UTF-16 units. */
const MAX_LENGTH = 65_536;
const buffer = Buffer.alloc(MAX_LENGTH * 3 + 8);

/** The bytes of the text that was written last; what is beyond its length is left over. */
export const BYTES: Uint8Array = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
/** The same bytes, four at a time. */
export const WORDS: Int32Array = new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 2);

/** Whether the first of four bytes is the lowest of a word. */
const isLittleEndian = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

/**
 * Writes a text into {@link BYTES}, where reading a character costs a fraction of what it costs in a string. False when it was not written
 * because it is too long, or is not ASCII.
 */
export function writeAscii(text: string): boolean {
  // Every character beyond ASCII takes more bytes than UTF-16 units.
  return text.length <= MAX_LENGTH && isLittleEndian && buffer.write(text) === text.length;
}
