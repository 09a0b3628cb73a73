import { connect } from "node:net";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { startObservedService, type ObservedService } from "../testing/observed-service.ts";
import { until } from "../testing/requests.ts";
import { observeAuthentication, type ObservedAuthentication } from "./observed-authentication.ts";

let service: ObservedService;
beforeEach(async () => {
  service = await startObservedService();
});
afterEach(() => service.stop());

const observe = (
  observed: Partial<ObservedAuthentication> & Pick<ObservedAuthentication, "source" | "outcome">,
): void => {
  const { reporter } = service.telemetry;
  observeAuthentication(
    { method: observed.source, login: observed.source !== "token", ...observed },
    { security: service.security, reporter },
  );
};

const reported = (): unknown[] =>
  service.telemetry
    .events(EVENT.authentication)
    .map(({ attributes }) =>
      [attributes[ATTR.authMethod], attributes[ATTR.eventOutcome], attributes[ATTR.authFailureReason]]
        .filter((value) => value !== undefined)
        .join(" "),
    );

const framework = (outcome: "success" | "failure" | "unknown", more: object = {}): void =>
  observe({ source: "framework", outcome, ...more });
const token = (outcome: "success" | "failure", more: object = {}): void =>
  observe({ source: "token", outcome, ...more });
const password = (outcome: "success" | "failure"): void =>
  observe({ source: "password", outcome, ...(outcome === "failure" ? { failureReason: "bad_password" } : {}) });
const application = (outcome: "success" | "failure"): void =>
  service.security.authentication({ outcome, method: "form", failureReason: "typo" });

type Step = () => void;

describe("what is observed of authentications", () => {
  it.each<[string, readonly Step[], number, readonly string[]]>([
    ["a refused token", [() => token("failure", { failureReason: "expired" })], 401, ["token failure expired"]],
    ["an accepted token, which is counted", [() => token("success")], 200, []],
    [
      "the second key of a rotation",
      [() => token("failure", { failureReason: "bad_signature" }), () => token("success")],
      200,
      [],
    ],
    [
      "a forged token before a good one",
      [() => token("failure", { failureReason: "alg_none" }), () => token("success")],
      200,
      ["token failure alg_none"],
    ],
    [
      "two failures by the one that tells more",
      [
        () => token("failure", { failureReason: "expired" }),
        () => token("failure", { failureReason: "bad_signature" }),
      ],
      401,
      ["token failure bad_signature"],
    ],
    [
      "a strategy that compares a password",
      [() => password("failure"), () => framework("failure", { failureReason: "unknown_user" })],
      401,
      ["framework failure unknown_user"],
    ],
    [
      "a strategy that does not say why",
      [() => token("failure", { failureReason: "expired" }), () => framework("failure")],
      401,
      ["framework failure expired"],
    ],
    [
      "a strategy that fails over an answer of a provider",
      [
        () => observe({ source: "provider", outcome: "failure", failureReason: "state_mismatch" }),
        () => framework("unknown"),
      ],
      500,
      ["provider failure state_mismatch"],
    ],
    [
      "a strategy that refuses whom the provider knows",
      [
        () => observe({ source: "provider", outcome: "success" }),
        () => framework("failure", { failureReason: "unknown_user" }),
      ],
      401,
      ["framework failure unknown_user"],
    ],
    ["a directory that is away", [() => framework("unknown")], 500, ["framework unknown"]],
    ["a password that matches", [() => password("success")], 200, ["password success"]],
    ["a password that does not", [() => password("failure")], 200, ["password failure bad_password"]],
    ["a password that matches where the request is refused", [() => password("success")], 403, []],
    [
      "a history of passwords",
      [() => password("failure"), () => password("failure"), () => password("success")],
      200,
      [],
    ],
    [
      "what the application says afterwards",
      [() => password("failure"), () => application("failure")],
      401,
      ["form failure typo"],
    ],
    [
      "what the application says before",
      [() => application("success"), () => token("failure", { failureReason: "expired" })],
      200,
      ["form success"],
    ],
    [
      "what the application says between",
      [() => framework("success"), () => application("success"), () => password("success")],
      200,
      ["form success"],
    ],
  ])("says once: %s", async (_name, steps, status, expected) => {
    service.handle((_request, response) => {
      for (const step of steps) step();
      // Nothing goes out while the application may still say something.
      response.writeHead(status).end();
    });
    await service.ask();
    expect(reported()).toEqual(expected);
  });

  it("counts what it reports, and what it only counts, once", async () => {
    service.handle((request, response) => {
      if (request.url === "/token") token("success");
      else {
        password("success");
        framework("success");
      }
      response.end();
    });
    await service.ask("/token");
    await service.ask("/login");
    const points = await service.telemetry.points(INSTRUMENTATION_METRICS.authenticationAttempts.name);
    expect(points.map(({ attributes, value }) => [attributes[ATTR.authMethod], value])).toEqual([
      ["token", 1],
      ["framework", 1],
    ]);
  });

  it("is reported when the client goes away before there is an answer, for each of many requests of one connection", async () => {
    let arrived = 0;
    service.handle(() => {
      arrived++;
      password("failure");
    });
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on("warning", onWarning);
    const socket = connect(service.port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(15));
    await until(() => arrived === 15);
    expect(reported()).toEqual([]);
    socket.destroy();
    await until(() => reported().length === 15);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("is reported within a second or so where the answer goes on and on, and what comes later again", async () => {
    let stream: ServerResponse | undefined;
    service.handle((_request, response) => {
      stream = response;
      response.write("data: 1\n\n");
      token("failure", { failureReason: "expired" });
    });
    const socket = connect(service.port, "127.0.0.1");
    socket.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => reported().length === 1);
    expect(stream?.writableEnded).toBe(false);
    socket.destroy();
  });

  it("harms nothing when it cannot be reported, at the end of a request or after a second of one", async () => {
    const broken = new Proxy(
      {},
      {
        get: () => () => {
          throw new Error("ours");
        },
      },
    ) as never;
    const uncaught: unknown[] = [];
    const onUncaught = (cause: unknown): number => uncaught.push(cause);
    process.on("uncaughtExceptionMonitor", onUncaught);
    const late = Promise.withResolvers<void>();
    service.handle((request, response) => {
      observeAuthentication(
        { source: "token", method: "jwt", outcome: "failure", login: false },
        { security: broken, reporter: broken },
      );
      if (request.url === "/late") setTimeout(late.resolve, 1_100);
      else response.end("served");
    });
    expect((await service.ask()).body).toBe("served");
    const socket = connect(service.port, "127.0.0.1");
    socket.write("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    await late.promise;
    socket.destroy();
    process.off("uncaughtExceptionMonitor", onUncaught);
    expect(uncaught).toEqual([]);
  });

  it("is reported at once outside of a request", () => {
    token("failure", { failureReason: "expired" });
    expect(reported()).toEqual(["token failure expired"]);
  });

  it("belongs to the request that it was observed in", async () => {
    service.handle((_request, response) => {
      token("failure", { failureReason: "expired" });
      response.end();
    });
    await service.ask("/here?a=1");
    expect(service.telemetry.events(EVENT.authentication)[0]?.attributes[ATTR.urlPath]).toBe("/here");
  });
});
