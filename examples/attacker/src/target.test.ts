import { describe, expect, it } from "vitest";
import { parseTarget, TargetError } from "./target.ts";

describe("parseTarget", () => {
  it.each([
    ["http://127.0.0.1:7380", { host: "127.0.0.1", port: 7380 }],
    ["http://127.0.0.1:7380/", { host: "127.0.0.1", port: 7380 }],
    ["http://localhost:80", { host: "127.0.0.1", port: 80 }],
    ["http://127.5.6.7", { host: "127.5.6.7", port: 80 }],
    // The URL parser turns it into 127.0.0.1 before anybody looks.
    ["http://2130706433:8080", { host: "127.0.0.1", port: 8080 }],
  ])("takes %s", (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each([
    ["http://192.0.2.1:7380", "is not a loopback address"],
    ["http://example.com", "is not a loopback address"],
    ["http://127.0.0.1.example.com", "is not a loopback address"],
    ["http://0.0.0.0:7380", "is not a loopback address"],
    ["http://[::1]:7380", "is not a loopback address"],
    ["https://127.0.0.1:7380", "is not plain HTTP"],
    ["http://127.0.0.1:7380/shop", "more than an address and a port"],
    ["http://user@127.0.0.1:7380", "more than an address and a port"],
    ["127.0.0.1:7380", "is no URL"],
  ])("refuses %s", (text, message) => {
    expect(() => parseTarget(text)).toThrow(TargetError);
    expect(() => parseTarget(text)).toThrow(message);
  });
});
