import { ApiError } from "@vedette/api";
import { expect, it } from "vitest";
import { explainFailure } from "./explain-failure.ts";

const problem = (status: number, code: string, more = {}) =>
  new ApiError({ type: "about:blank", title: "Title", status, code, ...more });

it.each([
  { name: "no answer", error: new TypeError("fetch failed"), title: "The worker cannot be reached", cure: /npm start/ },
  {
    name: "a gateway's answer",
    error: problem(502, "not-the-api"),
    title: "The worker cannot be reached",
    cure: /npm start/,
  },
  {
    name: "nobody signed in",
    error: problem(401, "unauthenticated"),
    title: "You are not signed in",
    cure: /link that the worker printed/,
  },
  {
    name: "a lost race",
    error: problem(409, "stale-revision"),
    title: "Somebody has changed it in the meantime",
    cure: /present state/,
  },
  {
    name: "something that is not there, without the cure for who writes a client",
    error: problem(404, "not-found", { cure: "Check the path against openapi.json." }),
    title: "Title",
    cure: /in its list/,
  },
  {
    name: "the worker's own cure",
    error: problem(422, "operation-invalid", { cure: "Use another address." }),
    title: "Title",
    cure: /another address/,
  },
])("says what to do about $name", ({ error, title, cure }) => {
  const explanation = explainFailure(error, "standalone");
  expect(explanation.title).toBe(title);
  expect(explanation.cure).toMatch(cure);
});

it("names what an administrator of Grafana can do, where there is one", () => {
  expect(explainFailure(problem(401, "unauthenticated"), "grafana").cure).toMatch(/configuration page/);
  expect(explainFailure(new TypeError("x"), "grafana").cure).toMatch(/configuration page/);
});

it("gives the code of the worker's own errors alone", () => {
  expect(explainFailure(problem(422, "operation-invalid"), "standalone").code).toBe("operation-invalid");
  expect(explainFailure(problem(500, "not-the-api"), "standalone").code).toBeUndefined();
});
