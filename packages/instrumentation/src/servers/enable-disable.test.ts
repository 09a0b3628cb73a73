import { resolve } from "node:path";
import { afterEach, expect, it } from "vitest";
import { readSettings } from "../settings.ts";
import { startProcess } from "../testing/app-process.ts";
import { requireIn } from "../testing/matrix-library.ts";
import { KoaInstrumentation } from "./koa.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

// In a process of its own: test runners resolve packages of express 5 by other conditions than node.
it.each(["express-4", "express-5"])(
  "the instrumentation of %s can be disabled and enabled again, any number of times, and leaves nothing behind",
  async (folder) => {
    const app = startProcess([resolve(import.meta.dirname, "../testing/apps/toggle-express.mjs"), folder], {});
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(JSON.parse(app.output())).toEqual({
      // In the middle: what express itself leaves on the request.
      routes: ["/tenants/:tenant/orders/:order", "/tenants/acme/orders/:order", "/tenants/:tenant/orders/:order"],
      wasPatched: true,
      isPlain: true,
    });
  },
);

it.each(["koa-2", "koa-3"])("the instrumentation of %s puts back what it patched", (folder) => {
  const library = new KoaInstrumentation({ settings: readSettings({}).settings });
  undo.push(() => library.disable());
  const loaded = requireIn(folder)("@koa/router") as { default?: { prototype: object }; prototype: object };
  const { prototype } = loaded.default ?? loaded;
  const match = (): unknown => Reflect.get(prototype, "match");
  const patched = match();
  library.disable();
  const plain = match();
  expect(plain).not.toBe(patched);
  library.enable();
  library.enable();
  expect(match()).not.toBe(plain);
  library.disable();
  expect(match()).toBe(plain);
});
