import { describe, expect, it } from "vitest";
import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import { StoreError } from "../../errors.ts";
import { reading } from "./store-failure.ts";

const failing = (count: number, error: Error) => {
  let calls = 0;
  return {
    calls: () => calls,
    async call() {
      calls += 1;
      if (calls <= count) throw error;
      return await Promise.resolve(calls);
    },
  };
};

const passing = new ElasticsearchError("elasticsearch-unavailable", "Reading failed: reset.", { retryable: true });

describe("a read of the store", () => {
  it("is made again when it fails for a passing reason", async () => {
    const read = failing(3, passing);
    expect(await reading("Reading", read.call)).toBe(4);
  });

  it("is given up after a few tries, as an error of the store", async () => {
    const read = failing(9, passing);
    await expect(reading("Reading", read.call)).rejects.toBeInstanceOf(StoreError);
    expect(read.calls()).toBe(4);
  });

  it.each([
    new ElasticsearchError("elasticsearch-forbidden", "Reading failed: no.", { retryable: false }),
    new ElasticsearchError("elasticsearch-timeout", "Reading failed: no answer in time.", { retryable: true }),
    new TypeError("a defect"),
  ])("is not made again after: $message", async (error) => {
    const read = failing(9, error);
    await expect(reading("Reading", read.call)).rejects.toThrow(error.message);
    expect(read.calls()).toBe(1);
  });
});
