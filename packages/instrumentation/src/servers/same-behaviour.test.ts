import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { INSTRUMENTED_LIBRARIES } from "../instrumentations.ts";
import { entriesOf, startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import { binary, comparable, exchanges, get, post } from "../testing/exchanges.ts";
import { exchange, withoutDates, type RawExchange } from "../testing/raw-exchange.ts";

const FRAMEWORKS = ["express", "fastify", "koa", "hono"];
const apps = [
  { folder: "../src/testing/apps", entry: "plain-http.mjs" },
  ...INSTRUMENTED_LIBRARIES.filter(({ library }) => FRAMEWORKS.includes(library)).flatMap(({ triedOn }) =>
    triedOn.flatMap((folder) => entriesOf(folder).map((entry) => ({ folder, entry }))),
  ),
];

describe.each(apps)("$folder/$entry", ({ folder, entry }) => {
  let plain: MatrixApp;
  let instrumented: MatrixApp;
  beforeAll(async () => {
    [plain, instrumented] = await Promise.all([
      startMatrixApp(folder, entry, { instrumented: false }),
      startMatrixApp(folder, entry, { env: { VEDETTE_FLOOD_REQUESTS: "10" } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([plain.stop(), instrumented.stop()]);
  });

  it.each(exchanges)("answers the same, byte for byte, with and without the instrumentation: $name", async (each) => {
    const [without, with_] = await Promise.all([exchange(plain.port, each), exchange(instrumented.port, each)]);
    expect(without).not.toContain("neither answered nor closed");
    expect(comparable(with_)).toBe(comparable(without));
  });

  it("survives connections that are torn down, and writes the same to its own output", async () => {
    const torn: RawExchange = { name: "", send: post("/echo", binary).with(1, binary.subarray(0, 100)), abort: true };
    await Promise.all([exchange(plain.port, torn), exchange(instrumented.port, torn)]);
    const page = { name: "", send: [get("/")] };
    expect(withoutDates(await exchange(instrumented.port, page))).toBe(withoutDates(await exchange(plain.port, page)));
    const own = (text: string): string => text.replaceAll(/^vedette: .*\n/gm, "").replaceAll(/127\.0\.0\.1:\d+/g, "");
    expect(own(instrumented.errors())).toBe(own(plain.errors()));
    expect(own(instrumented.output())).toBe(own(plain.output()));
    await instrumented.stop();
    expect(instrumented.metrics("vedette.instrumentation.errors")).toEqual([]);
    expect(instrumented.events().length).toBeGreaterThan(3);
  });
});
