import { createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { currentRequest, type RequestIdentity } from "../current-request.ts";
import { requireIn } from "../testing/matrix-library.ts";
import { startObservedService, type ObservedService } from "../testing/observed-service.ts";
import { JsonwebtokenInstrumentation } from "./jsonwebtoken.ts";

type Verify = (...args: unknown[]) => unknown;
interface Library {
  verify: Verify;
  sign(payload: object, key: string, options?: object): string;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const secret = "a secret of the application that nobody knows";
const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicPem = pair.publicKey.export({ type: "spki", format: "pem" });
const hmac = (header: object, payload: object, key: string): string => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
};
const rsa = (payload: object): string => {
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(payload)}`;
  return `${text}.${signBytes("sha256", Buffer.from(text), pair.privateKey).toString("base64url")}`;
};
const good = { sub: "ada", iss: "us", aud: "shop" };
const HS = { alg: "HS256", typ: "JWT" };
const unsigned = `${part({ alg: "none" })}.${part(good)}.`;

const plain: Record<string, Verify> = {};
for (const folder of ["jsonwebtoken-8", "jsonwebtoken-9"])
  plain[folder] = (requireIn(folder)("jsonwebtoken") as Library).verify;
const instrumentation = new JsonwebtokenInstrumentation({ enabled: true });

let service: ObservedService;
beforeAll(async () => {
  service = await startObservedService();
});
afterAll(() => service.stop());

describe.each(["jsonwebtoken-8", "jsonwebtoken-9"])("%s", (folder) => {
  const library = requireIn(folder)("jsonwebtoken") as Library;
  const original = plain[folder] as Verify;
  const version8 = folder.endsWith("8");

  beforeEach(async () => {
    await service.stop();
    service = await startObservedService();
    instrumentation.setConfig({ enabled: true, reporter: service.telemetry.reporter, security: service.security });
    instrumentation.enable();
  });
  afterEach(() => instrumentation.disable());

  /** Verifies a token in a request; what the verification throws ends there. */
  async function verifyInRequest(...args: unknown[]): Promise<RequestIdentity | undefined> {
    let identity: RequestIdentity | undefined;
    service.handle((_request, response) => {
      try {
        library.verify(...args);
      } catch {
        response.statusCode = 401;
      }
      identity = currentRequest.getStore()?.identity;
      response.end();
    });
    await service.ask();
    return identity;
  }

  it.each<[string, string, readonly unknown[]]>([
    ["bad_signature", "a token signed with another key", [hmac(HS, good, "another key"), secret]],
    ["expired", "an expired token", [hmac(HS, { ...good, exp: 1 }, secret), secret]],
    ["expired", "a token older than it may be", [hmac(HS, { ...good, iat: 1 }, secret), secret, { maxAge: "1d" }]],
    ["not_yet_valid", "a token of the future", [hmac(HS, { ...good, nbf: 99_999_999_999 }, secret), secret]],
    ["wrong_issuer", "another issuer's token", [hmac(HS, good, secret), secret, { issuer: "them" }]],
    ["wrong_audience", "a token for others", [hmac(HS, good, secret), secret, { audience: "bank" }]],
    ["wrong_subject", "a token of somebody else", [hmac(HS, good, secret), secret, { subject: "bob" }]],
    ["wrong_token_id", "another token", [hmac(HS, good, secret), secret, { jwtid: "7" }]],
    ["wrong_nonce", "a token with another nonce", [hmac(HS, good, secret), secret, { nonce: "n" }]],
    ["missing_claim", "a token without its time", [hmac(HS, good, secret), secret, { maxAge: "1d" }]],
    ["invalid_claim", "a token whose end is no number", [hmac(HS, { ...good, exp: "soon" }, secret), secret]],
    ["malformed", "what is no token", ["no token", secret]],
    ["malformed", "a token whose header is no JSON", [`e30x.${part(good)}.c2ln`, secret]],
    ["missing_signature", "a token without its signature", [`${part(HS)}.${part(good)}.`, secret]],
    ["alg_none", "a token that says it needs no signature", [unsigned, secret]],
    ["alg_none", "the same in mixed case", [`${part({ alg: "nOnE" })}.${part(good)}.`, secret]],
    ["alg_none", "the same where algorithms are listed", [unsigned, secret, { algorithms: ["HS256"] }]],
    [
      "algorithm_not_allowed",
      "an algorithm that is not listed",
      [hmac(HS, good, secret), secret, { algorithms: ["HS512"] }],
    ],
    ["algorithm_confusion", "an HMAC made with the public key", [hmac(HS, good, publicPem), publicPem]],
    [
      "algorithm_confusion",
      "the same with a buffer",
      [hmac(HS, good, publicPem), Buffer.from(publicPem), { algorithms: ["RS256"] }],
    ],
  ])("reports %s for %s", async (reason, _name, args) => {
    await verifyInRequest(...args);
    const events = service.telemetry.events(EVENT.authentication);
    expect(events.map((event) => event.attributes[ATTR.authFailureReason])).toEqual([reason]);
    expect(events[0]?.attributes).toMatchObject({ [ATTR.authMethod]: "jwt", [ATTR.eventOutcome]: "failure" });
    const everything = JSON.stringify(service.telemetry.events().map((event) => event.attributes));
    for (const segment of String(args[0]).split(".")) if (segment !== "") expect(everything).not.toContain(segment);
  });

  it("names whose token it was once the signature is known to be right, and not before", async () => {
    await verifyInRequest(hmac(HS, { ...good, exp: 1 }, secret), secret);
    await verifyInRequest(hmac(HS, good, "another key"), secret);
    const [expired, forged] = service.telemetry.events(EVENT.authentication);
    expect(expired?.attributes[ATTR.userHash]).toMatch(/^[0-9a-f]{32}$/);
    expect(forged?.attributes[ATTR.userHash]).toBeUndefined();
  });

  it("counts what is accepted, without an event, and knows from it who asks", async () => {
    const identity = await verifyInRequest(hmac(HS, good, secret), secret);
    expect(identity?.userId).toBe("ada");
    expect(service.telemetry.events(EVENT.authentication)).toEqual([]);
    expect(await service.telemetry.points(INSTRUMENTATION_METRICS.authenticationAttempts.name)).toEqual([
      expect.objectContaining({ attributes: { [ATTR.eventOutcome]: "success", [ATTR.authMethod]: "jwt" }, value: 1 }),
    ]);
  });

  it("knows who asks from a complete result", async () => {
    expect((await verifyInRequest(hmac(HS, good, secret), secret, { complete: true }))?.userId).toBe("ada");
  });

  it("says nothing where there is no token", async () => {
    await verifyInRequest(undefined, secret);
    await verifyInRequest("", secret);
    expect(service.telemetry.events(EVENT.authentication)).toEqual([]);
    expect(await service.telemetry.points(INSTRUMENTATION_METRICS.authenticationAttempts.name)).toEqual([]);
  });

  it(`${version8 ? "reports" : "has no"} unsigned token that is accepted`, async () => {
    await verifyInRequest(unsigned, undefined);
    const [event] = service.telemetry.events(EVENT.authenticationWeakness);
    if (version8) {
      expect(event?.severityText).toBe("ERROR");
      expect(event?.attributes).toMatchObject({
        [ATTR.authWeakness]: "unsigned_token_accepted",
        [ATTR.authAlgorithm]: "none",
      });
    } else {
      expect(event).toBeUndefined();
      expect(service.telemetry.events(EVENT.authentication)[0]?.attributes[ATTR.authFailureReason]).toBe("alg_none");
    }
  });

  it(`${version8 ? "reports" : "has no"} HMAC of the public key that is accepted`, async () => {
    await verifyInRequest(hmac(HS, good, publicPem), publicPem, { algorithms: ["HS256", "RS256"] });
    const weaknesses = service.telemetry.events(EVENT.authenticationWeakness);
    const failures = service.telemetry.events(EVENT.authentication);
    expect([
      ...weaknesses.map(({ attributes }) => attributes[ATTR.authWeakness]),
      ...failures.map(({ attributes }) => attributes[ATTR.authFailureReason]),
    ]).toEqual([version8 ? "algorithm_confusion_accepted" : "algorithm_confusion"]);
  });

  it("reads the outcome that a callback gets, and the key that a getter finds", async () => {
    const seen: unknown[] = [];
    service.handle((_request, response) => {
      const getKey = (_header: unknown, done: (cause: null, key: string) => void): void => {
        setImmediate(() => done(null, publicPem));
      };
      library.verify(hmac(HS, good, publicPem), getKey, { algorithms: ["RS256"] }, (cause: Error, value: unknown) => {
        seen.push([cause.message, value]);
        response.end();
      });
    });
    await service.ask();
    expect(seen).toEqual([["invalid algorithm", undefined]]);
    expect(service.telemetry.events(EVENT.authentication)[0]?.attributes[ATTR.authFailureReason]).toBe(
      "algorithm_confusion",
    );
    service.handle((_request, response) => {
      library.verify(rsa(good), publicPem, (_cause: unknown, value: unknown) => {
        seen.push(value);
        response.end();
      });
    });
    await service.ask();
    expect(seen[1]).toEqual(good);
    expect(service.telemetry.events(EVENT.authentication)).toHaveLength(1);
  });

  it("reports a key that is not known, and not a key server that is away", async () => {
    for (const message of ["Unable to find a signing key that matches 'x'", "connect ECONNREFUSED"]) {
      service.handle((_request, response) => {
        const getKey = (_header: unknown, done: (cause: Error) => void): void => done(new Error(message));
        library.verify(rsa(good), getKey, {}, () => response.end());
      });
      await service.ask();
    }
    expect(
      service.telemetry
        .events(EVENT.authentication)
        .map((event) => [event.attributes[ATTR.eventOutcome], event.attributes[ATTR.authFailureReason]]),
    ).toEqual([
      ["failure", "unknown_key"],
      ["unknown", undefined],
    ]);
  });

  it("reports at once outside of a request", () => {
    expect(() => library.verify("no token", secret)).toThrow("jwt malformed");
    expect(service.telemetry.events(EVENT.authentication)).toHaveLength(1);
  });

  it("is off after disable, and on again once after enable", () => {
    instrumentation.disable();
    expect(() => library.verify("no token", secret)).toThrow("jwt malformed");
    expect(service.telemetry.events(EVENT.authentication)).toEqual([]);
    instrumentation.enable();
    instrumentation.enable();
    expect(() => library.verify("no token", secret)).toThrow("jwt malformed");
    expect(service.telemetry.events(EVENT.authentication)).toHaveLength(1);
  });

  describe("nothing is broken", () => {
    const cases: readonly (readonly [string, readonly unknown[]])[] = [
      ["a token that is accepted", [hmac(HS, good, secret), secret]],
      ["a token that is refused", [hmac(HS, good, "x"), secret]],
      ["an expired token", [hmac(HS, { ...good, exp: 1 }, secret), secret]],
      ["no token", [undefined, secret]],
      ["a number", [7, secret]],
      ["no key", [hmac(HS, good, secret)]],
      ["an asynchronous key without a callback", [hmac(HS, good, secret), () => {}]],
      [
        "options that throw",
        [
          hmac(HS, good, secret),
          secret,
          Object.defineProperty({}, "algorithms", {
            enumerable: true,
            get: () => {
              throw new RangeError("planted");
            },
          }),
        ],
      ],
      [
        "a key that throws",
        [
          hmac(HS, good, secret),
          new Proxy(
            {},
            {
              get: () => {
                throw new RangeError("planted");
              },
            },
          ),
        ],
      ],
    ];
    const run = (verify: Verify, args: readonly unknown[]): unknown => {
      try {
        return { value: verify(...args) };
      } catch (cause) {
        const { name, message, stack, constructor } = cause as Error;
        // Up to the frame of this function's caller; ours is one more below the library's own.
        const frames = (stack ?? "").split("\n").filter((line) => line.includes("node_modules/jsonwebtoken"));
        return { name, message, constructor, frames };
      }
    };

    it.each(cases)("by %s", (_name, args) => {
      expect(run(library.verify, args)).toEqual(run(original, args));
    });

    it("while what is ours throws", () => {
      const broken = new Proxy(
        {},
        {
          get: () => () => {
            throw new Error("ours");
          },
        },
      );
      instrumentation.setConfig({ enabled: true, reporter: broken as never, security: broken as never });
      for (const [, args] of cases) {
        const watched = (): unknown => run(library.verify, args);
        expect(watched).not.toThrow("ours");
        expect(watched()).toEqual(run(original, args));
      }
    });

    it("in the function itself", () => {
      expect(library.verify).not.toBe(original);
      expect([library.verify.name, library.verify.length, Object.keys(library)]).toEqual([
        original.name,
        original.length,
        ["decode", "verify", "sign", "JsonWebTokenError", "NotBeforeError", "TokenExpiredError"],
      ]);
    });

    it("in a callback: its arguments, `this`, order, and what it throws", () => {
      const order: unknown[] = [];
      const observe = (verify: Verify): void => {
        const callback = function (this: unknown, ...args: unknown[]): void {
          order.push([this === undefined, args.length, (args[0] as Error | null)?.message, args[1]]);
          throw new Error("of the application");
        };
        for (const token of [hmac(HS, good, secret), "no token"])
          expect(() => verify(token, secret, callback)).toThrow("of the application");
        order.push("after");
      };
      observe(original);
      const expected = order.splice(0);
      observe(library.verify);
      expect(order).toEqual(expected);
    });
  });
});
