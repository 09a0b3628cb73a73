import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { LOUD_ATTACKER, LOUD_STAGES, QUIET_ATTACKER, runCampaign } from "./campaign.ts";
import { CUSTOMERS } from "./ordinary/customers.ts";
import type { CampaignEvent } from "./report.ts";
import { TargetError } from "./target.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** Starts a server that answers by one function and tells which addresses asked it. */
async function serve(
  answer: (address: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ target: string; asked: Map<string, number> }> {
  const asked = new Map<string, number>();
  const started = createServer((request, response) => {
    const address = request.socket.remoteAddress ?? "";
    asked.set(address, (asked.get(address) ?? 0) + 1);
    request.resume().on("end", () => answer(address, request, response));
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return { target: `http://127.0.0.1:${(started.address() as AddressInfo).port}`, asked };
}

const FAST = { pace: 0.01, seconds: 60 };

describe("runCampaign", () => {
  it("sends nothing to a target that is not on loopback", async () => {
    await expect(runCampaign({ target: "http://192.0.2.1:7380", ...FAST })).rejects.toThrow(TargetError);
  });

  it("goes through all stages, each client from its own address, and ends by time when nobody blocks it", async () => {
    const { target, asked } = await serve((_address, _request, response) => response.writeHead(200).end());
    const events: CampaignEvent[] = [];
    const report = await runCampaign({ target, ...FAST, onEvent: (event) => events.push(event) });
    expect(report.stages.filter(({ attacker }) => attacker === LOUD_ATTACKER).map(({ stage }) => stage)).toEqual(
      LOUD_STAGES.map(({ name }) => name),
    );
    expect(report.stages.filter(({ attacker }) => attacker === QUIET_ATTACKER).map(({ stage }) => stage)).toEqual([
      "credential stuffing",
    ]);
    expect(new Set(asked.keys())).toEqual(
      new Set([...CUSTOMERS.map(({ address }) => address), LOUD_ATTACKER, QUIET_ATTACKER]),
    );
    expect([report.endedBy, report.blocked]).toEqual(["time", []]);
    expect(report.stages.every(({ requests }) => requests > 0)).toBe(true);
    expect(events[0]).toMatchObject({ kind: "ordinary_started", customers: CUSTOMERS.length });
  });

  it("reports when an attacker is blocked, stops its stages and knocks until the end", async () => {
    let count = 0;
    const { target } = await serve((address, _request, response) => {
      const blocked = address === LOUD_ATTACKER && (count += 1) > 20;
      response.writeHead(blocked ? 403 : 200).end();
    });
    const report = await runCampaign({ target, ...FAST });
    expect(report.blocked).toMatchObject([{ attacker: LOUD_ATTACKER, stage: "forced browsing", requestsBefore: 22 }]);
    expect(report.stages.filter(({ attacker }) => attacker === LOUD_ATTACKER).map(({ stage }) => stage)).toEqual([
      "forced browsing",
      "knocking while blocked",
    ]);
  });

  it("does not take the application's own 403 for a block", async () => {
    const { target } = await serve((_address, request, response) =>
      response.writeHead(request.url?.startsWith("/admin") === true ? 403 : 200).end(),
    );
    const report = await runCampaign({ target, ...FAST });
    expect(report.stages.find(({ stage }) => stage === "privilege probing")?.answers["403"]).toBe(6);
    expect(report.blocked).toEqual([]);
  });

  it("counts and shows what ordinary customers should not have been answered", async () => {
    const { target } = await serve((_address, _request, response) => response.writeHead(403).end());
    const { ordinary } = await runCampaign({ target, ...FAST, attacks: false });
    expect(ordinary.unexpected).toBe(ordinary.requests);
    expect(ordinary.examples).toHaveLength(10);
    expect(ordinary.examples[0]).toMatchObject({ request: "GET /", status: 403, expected: [200] });
  });

  it("ends after its requests", async () => {
    const { target, asked } = await serve((_address, _request, response) => response.writeHead(200).end());
    const report = await runCampaign({ target, ...FAST, maxRequests: 50 });
    expect(report.endedBy).toBe("request_limit");
    expect([...asked.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(50);
  });

  it("ends when it is told to, and counts nothing against the shop that it cut off itself", async () => {
    const stop = new AbortController();
    const { target } = await serve((_address, _request, response) => {
      response.writeHead(200);
      // Never answered: cut off at the end.
      stop.abort();
    });
    const report = await runCampaign({ target, ...FAST, seconds: 3600, signal: stop.signal });
    expect([report.endedBy, report.ordinary.unexpected]).toEqual(["signal", 0]);
  });

  it("survives a shop that is not there", async () => {
    const { target } = await serve((_address, _request, response) => response.end());
    server?.close();
    server?.closeAllConnections();
    const report = await runCampaign({ target, ...FAST, seconds: 20 });
    expect(report.ordinary.asExpected).toBe(0);
    expect(report.ordinary.examples[0]).toMatchObject({ status: 0 });
  });
});
