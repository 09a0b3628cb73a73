import { randomFillSync } from "node:crypto";

const POOL_IDS = 256;
const RANDOM_BYTES = 10;
const pool = Buffer.alloc(POOL_IDS * RANDOM_BYTES);
let used = POOL_IDS;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Makes a UUIDv7 (RFC 9562, section 5.7), the value of `log.record.uid`: two records never share one, whatever a sender batches again.
 *
 * @param now Unix milliseconds.
 */
export function recordUid(now: number): string {
  // One call into the random generator for many ids: it costs more than everything else here.
  if (used === POOL_IDS) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used++ * RANDOM_BYTES;
  const byte = (index: number): string => HEX[pool[start + index] ?? 0] ?? "00";
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, "0").slice(-12);
  const version = ((pool[start] ?? 0) & 0x0f) | 0x70;
  const variant = ((pool[start + 2] ?? 0) & 0x3f) | 0x80;
  return (
    `${time.slice(0, 8)}-${time.slice(8)}-${HEX[version]}${byte(1)}-${HEX[variant]}${byte(3)}-` +
    byte(4) +
    byte(5) +
    byte(6) +
    byte(7) +
    byte(8) +
    byte(9)
  );
}
