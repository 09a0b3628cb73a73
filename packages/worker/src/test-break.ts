/** What tests can leave out of a worker on Elasticsearch, to show what it is for: the refresh that makes tails exact, or the content hash that tells changed events apart. */
export const TEST_BREAKS = ["refresh", "content-hash"] as const;

/** One of them. */
export type TestBreak = (typeof TEST_BREAKS)[number];

const VARIABLE = "VEDETTE_TEST_BREAK";

/**
 * Reads from the environment what is to be left out; undefined where nothing is.
 * @throws Error where it is asked for outside of tests, or by an unknown name
 */
export function testBreakOf(env: Readonly<Record<string, string | undefined>>): TestBreak | undefined {
  const name = env[VARIABLE];
  if (name === undefined || name === "") return undefined;
  if (env["NODE_ENV"] !== "test")
    throw new Error(
      `${VARIABLE} makes a worker lose events, and is for tests alone: unset it (or set NODE_ENV to "test").`,
    );
  const known = TEST_BREAKS.find((one) => one === name);
  if (known === undefined) throw new Error(`${VARIABLE} is ${name}: expected one of ${TEST_BREAKS.join(", ")}.`);
  return known;
}
