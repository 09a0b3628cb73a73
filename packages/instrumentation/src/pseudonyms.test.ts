import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createPseudonyms, normaliseUserName, setProcessHashKeys, processPseudonyms } from "./pseudonyms.ts";

const hmac = (key: string, value: string): string => createHmac("sha256", key).update(value).digest("hex").slice(0, 32);

describe("a pseudonym", () => {
  it("is HMAC-SHA-256 under the deployment's key, the same in every process that has it", () => {
    expect(createPseudonyms(["k"]).of("ada")).toBe(hmac("k", "ada"));
    expect(createPseudonyms(["k"]).of("ada")).not.toBe(createPseudonyms(["other"]).of("ada"));
  });

  it("is under a random key when there is none, which is said once, with its cure", () => {
    const said: string[] = [];
    const pseudonyms = createPseudonyms([], (code, message) => said.push(`${code}: ${message}`));
    pseudonyms.allOf("compared only");
    expect(said).toEqual([]);
    expect(pseudonyms.of("ada")).toBe(pseudonyms.of("ada"));
    expect(pseudonyms.of("ada")).not.toBe(createPseudonyms([]).of("ada"));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^instrumentation-hash-key-missing: .*Set it to the same secret/);
  });

  it("stays what it was while keys are changed, and names the coming one beside it", () => {
    const [before, during, after] = [["old"], ["new", "old"], ["new"]].map((keys) => createPseudonyms(keys));
    expect(during?.of("ada")).toBe(before?.of("ada"));
    expect(during?.next("ada")).toBe(after?.of("ada"));
    expect([before?.next("ada"), after?.next("ada")]).toEqual([undefined, undefined]);
    expect(during?.allOf("ada")).toEqual([hmac("new", "ada"), hmac("old", "ada")]);
  });

  it("of more values than are remembered, and of long ones, is still right", () => {
    const pseudonyms = createPseudonyms(["k"]);
    for (let index = 0; index < 3000; index++) expect(pseudonyms.of(`u${index}`)).toBe(hmac("k", `u${index}`));
    expect(pseudonyms.of("x".repeat(10_000))).toBe(hmac("k", "x".repeat(10_000)));
  });
});

describe("a user name", () => {
  it.each([
    ["ADA", "ada"],
    [" ada\t", "ada"],
    ["\uff41da", "ada"],
    ["x".repeat(9000), "x".repeat(512)],
  ])("typed as %j is hashed as %j", (typed, hashed) => {
    expect(normaliseUserName(typed)).toBe(hashed);
  });
});

describe("the process's pseudonyms", () => {
  it("change with the keys and only with them", () => {
    const first = setProcessHashKeys(["a"]);
    expect(processPseudonyms()).toBe(first);
    expect(setProcessHashKeys(["a"])).toBe(first);
    const random = setProcessHashKeys([]);
    expect(random.allOf("ada")).toEqual(setProcessHashKeys([]).allOf("ada"));
    expect(setProcessHashKeys(["b"]).of("ada")).toBe(hmac("b", "ada"));
  });
});
