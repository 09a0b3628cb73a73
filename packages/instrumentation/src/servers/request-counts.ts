/** Counts requests of clients in windows of time, in memory that does not grow with the number of clients. */
export interface RequestCounts {
  /**
   * Counts one request.
   *
   * @param now Milliseconds of a clock that only goes forward.
   * @returns True for the one request by which a client's count reached the limit in this window.
   */
  add(client: string, now: number): boolean;
}

const ROWS = 4;
const COLUMNS = 4096;
/** Clients over the limit that are remembered in one window; with more, the others are told of once each time they come again. */
const REMEMBERED = 1024;

/**
 * Makes empty counts: a count-min sketch with conservative update (Cormode and Muthukrishnan 2005; Estan and Varghese 2002), which
 * never counts too little, and too much only for a client that shares all of its places with busier ones.
 *
 * @param limit Requests of one client in one window.
 * @param windowMilliseconds Length of a window.
 */
export function createRequestCounts(limit: number, windowMilliseconds: number): RequestCounts {
  const counts = Array.from({ length: ROWS }, () => new Uint32Array(COLUMNS));
  const places = new Uint32Array(ROWS);
  const over = new Set<string>();
  let window = -1;
  return {
    add(client, now) {
      const current = Math.floor(now / windowMilliseconds);
      if (current !== window) {
        window = current;
        for (const row of counts) row.fill(0);
        over.clear();
      }
      let least = Number.POSITIVE_INFINITY;
      for (let row = 0; row < ROWS; row++) {
        const place = hash(client, row) % COLUMNS;
        places[row] = place;
        least = Math.min(least, counts[row]?.[place] ?? 0);
      }
      const count = least + 1;
      for (let row = 0; row < ROWS; row++) {
        const cells = counts[row];
        const place = places[row] ?? 0;
        if (cells !== undefined && (cells[place] ?? 0) < count) cells[place] = count;
      }
      if (count < limit || over.has(client)) return false;
      if (over.size < REMEMBERED) over.add(client);
      return true;
    },
  };
}

/** FNV-1a over the characters, started differently for each row, and mixed as its low bits alone are poor. */
function hash(text: string, row: number): number {
  let value = (0x811c9dc5 ^ Math.imul(row + 1, 0x9e3779b1)) >>> 0;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value ^= value >>> 15;
  value = Math.imul(value, 0x2c1b3c6d);
  return (value ^ (value >>> 12)) >>> 0;
}
