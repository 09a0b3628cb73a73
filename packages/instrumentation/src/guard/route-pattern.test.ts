import { describe, expect, it } from "vitest";
import { compileRoute, normalisePath, segmentsOf } from "./route-pattern.ts";

describe("a path", () => {
  it.each([
    ["/login", "/login"],
    ["/login/", "/login"],
    ["//Login", "/login"],
    ["/%6Cogin", "/login"],
    ["/login;jsessionid=1", "/login"],
    ["/login%3Fx", "/login"],
    ["/\\login", "/login"],
    ["/%", "/%"],
    ["/", "/"],
  ])("%s is compared as %s", (path, expected) => {
    expect(normalisePath(path)).toBe(expected);
  });
});

describe("a route", () => {
  it.each([
    ["/users/:id", "/users/7", true],
    ["/users/:id", "/users", false],
    ["/users/:id", "/users/7/orders", false],
    ["/users/{id}/orders", "/users/7/orders", true],
    ["/files/*", "/files/a/b", true],
    ["/files/*splat", "/files/a/b", true],
    ["/files/:path*", "/files/a/b/c", true],
    ["/files/*", "/other/a", false],
    ["/v:version/login", "/v2/login", true],
    ["/v:version/login", "/w2/login", false],
    ["/:a/(\\d+)", "/x/7", true],
  ])("%s fits %s: %s", (route, path, expected) => {
    expect(compileRoute(route)(segmentsOf(normalisePath(path)))).toBe(expected);
  });
});
