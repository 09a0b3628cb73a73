import * as named from "node:crypto";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { startObservedService, type ObservedService } from "../testing/observed-service.ts";
import { ScryptInstrumentation } from "./scrypt.ts";

const original = { scrypt: named.scrypt, scryptSync: named.scryptSync, timingSafeEqual: named.timingSafeEqual };
const instrumentation = new ScryptInstrumentation({ enabled: true });
const required = createRequire(import.meta.url)("node:crypto") as typeof named;
const salt = Buffer.from("a salt of sixteen");
const costs = { N: 1024, r: 8, p: 1 };
const stored = original.scryptSync("lovelace", salt, 64, costs);

let service: ObservedService;
beforeEach(async () => {
  service = await startObservedService();
  instrumentation.setConfig({ enabled: true, reporter: service.telemetry.reporter, security: service.security });
});
afterAll(() => instrumentation.disable());

const WAYS: readonly (readonly [string, (password: string) => Promise<boolean>])[] = [
  ["scryptSync", async (password) => named.timingSafeEqual(named.scryptSync(password, salt, 64, costs), stored)],
  [
    "scrypt with a callback",
    (password) =>
      new Promise((resolve, reject) => {
        named.scrypt(password, salt, 64, costs, (cause, key) => {
          if (cause === null) resolve(required.timingSafeEqual(stored, key));
          else reject(cause);
        });
      }),
  ],
  [
    "a promise of it",
    async (password) => {
      const derive = promisify<string, Buffer, number, named.ScryptOptions, Buffer>(required.scrypt);
      return named.timingSafeEqual(await derive(password, salt, 64, costs), stored);
    },
  ],
];

describe("scrypt and timingSafeEqual", () => {
  it.each(WAYS)("are seen to verify a password by %s", async (_name, verify) => {
    const seen: boolean[] = [];
    service.handle((request, response) => {
      void verify(request.headers.authorization ?? "").then((matched) => {
        seen.push(matched);
        response.end();
      });
    });
    await service.ask("/login", { headers: { authorization: "lovelace" } });
    await service.ask("/login", { headers: { authorization: "guess" } });
    expect(seen).toEqual([true, false]);
    const events = service.telemetry.events(EVENT.authentication);
    expect(events.map(({ attributes }) => [attributes[ATTR.eventOutcome], attributes[ATTR.authFailureReason]])).toEqual(
      [
        ["success", undefined],
        ["failure", "bad_password"],
      ],
    );
    const [weak, ...more] = service.telemetry.events(EVENT.authenticationWeakness);
    expect([weak?.attributes[ATTR.authWeakness], weak?.attributes[ATTR.authParameters], more]).toEqual([
      "low_cost",
      "N=1024,r=8,p=1",
      [],
    ]);
    const points = await service.telemetry.points(INSTRUMENTATION_METRICS.passwordVerifications.name);
    expect(points.map(({ attributes, value }) => [attributes[ATTR.eventOutcome], value])).toEqual([
      ["success", 1],
      ["failure", 1],
    ]);
    await service.stop();
  });

  it("are left alone where they do something else", async () => {
    service.handle((_request, response) => {
      named.scryptSync("a password", salt, 32, costs);
      named.timingSafeEqual(Buffer.from("a"), Buffer.from("b"));
      response.end();
    });
    await service.ask();
    expect(await service.telemetry.points(INSTRUMENTATION_METRICS.passwordVerifications.name)).toEqual([]);
    await service.stop();
  });

  it("tell of one salt for two passwords, and not of one user who comes again", async () => {
    const other = original.scryptSync("babbage", salt, 64, costs);
    const compare = (with_: Buffer): boolean =>
      named.timingSafeEqual(named.scryptSync("guess", salt, 64, costs), with_);
    const reused = (): number =>
      service.telemetry
        .events(EVENT.authenticationWeakness)
        .filter(({ attributes }) => attributes[ATTR.authWeakness] === "reused_salt").length;
    compare(stored);
    compare(stored);
    expect(reused()).toBe(0);
    compare(other);
    compare(other);
    expect(reused()).toBe(1);
    await service.stop();
  });

  describe("nothing is broken", () => {
    it("in the functions themselves", () => {
      for (const name of ["scrypt", "scryptSync", "timingSafeEqual"] as const) {
        expect(named[name]).not.toBe(original[name]);
        expect(named[name]).toBe(required[name]);
        expect([named[name].name, named[name].length]).toEqual([original[name].name, original[name].length]);
      }
    });

    const failures: readonly (readonly [string, (crypto: typeof original) => unknown])[] = [
      ["a password that is none", (crypto) => crypto.scryptSync(7 as never, salt, 64)],
      ["costs that cannot be", (crypto) => crypto.scryptSync("a", salt, 64, { N: 3 })],
      [
        "options that throw",
        (crypto) =>
          crypto.scryptSync("a", salt, 64, {
            get N(): number {
              throw new RangeError("planted");
            },
          }),
      ],
      ["no callback", (crypto) => (crypto.scrypt as (...args: unknown[]) => unknown)("a", salt, 64)],
      ["a callback that is none", (crypto) => (crypto.scrypt as (...args: unknown[]) => unknown)("a", salt, 64, {}, 7)],
      ["lengths that differ", (crypto) => crypto.timingSafeEqual(Buffer.alloc(1), Buffer.alloc(2))],
      [
        "a derived key and no buffer",
        (crypto) => crypto.timingSafeEqual(crypto.scryptSync("a", salt, 64, costs), 7 as never),
      ],
    ];

    it.each(failures)("by %s", (_name, call) => {
      const outcome = (crypto: typeof original): unknown => {
        try {
          return { value: call(crypto) };
        } catch (cause) {
          const { name, message, code, constructor } = cause as Error & { code?: string };
          return { name, message, code, constructor };
        }
      };
      expect(outcome(named)).toEqual(outcome(original));
    });

    it("while what is ours throws", async () => {
      const broken = new Proxy(
        {},
        {
          get: () => () => {
            throw new Error("ours");
          },
        },
      );
      instrumentation.setConfig({ enabled: true, reporter: broken as never, security: broken as never });
      for (const [, verify] of WAYS) expect([await verify("lovelace"), await verify("guess")]).toEqual([true, false]);
    });
  });
});
