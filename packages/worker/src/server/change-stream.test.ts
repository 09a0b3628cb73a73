import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readEvents } from "../testing/event-reader.ts";
import { startTestServer, type TestServer } from "../testing/server-harness.ts";
import { sampleAlert } from "../testing/store-samples.ts";

let t: TestServer;
beforeEach(async () => {
  t = await startTestServer();
});
afterEach(() => t.close());

let step = 0;
const change = (id: string) => t.store.commit({ id: `step-${(step += 1)}`, alerts: [sampleAlert(id)] });
const connect = async (lastEventId?: string) => {
  const response = await t.request("/api/v1/stream", {
    headers: {
      authorization: `Bearer ${t.adminToken}`,
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    },
  });
  expect(response.status).toBe(200);
  return { response, ...readEvents(response) };
};

describe("the stream of changes", () => {
  it("begins with resync, then tells what each commit changed", async () => {
    const stream = await connect();
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(stream.response.headers.get("content-security-policy")).not.toBeNull();
    expect((await stream.next()).event).toBe("resync");
    await change("a1");
    const { event, data } = await stream.next();
    expect(event).toBe("change");
    expect(JSON.parse(data)).toMatchObject({ kind: "alert", id: "a1", revision: 1 });
  });

  it("goes on after the last event that a client has seen", async () => {
    const first = await connect();
    await first.next();
    await change("a1");
    const seen = await first.next();
    await first.cancel();
    await change("a2");
    await change("a3");
    const second = await connect(seen.id);
    expect(JSON.parse((await second.next()).data)).toMatchObject({ id: "a2" });
    expect(JSON.parse((await second.next()).data)).toMatchObject({ id: "a3" });
  });

  it.each([
    ["of an earlier start of the worker", "0123456789ab-1"],
    ["from the future", "EPOCH-99"],
    ["that is no number", "EPOCH-x"],
    ["that is nonsense", "nonsense"],
  ])("says resync after an event id %s", async (_, id) => {
    const first = await connect();
    const epoch = (await first.next()).id?.split("-")[0] ?? "";
    await change("a1");
    expect((await (await connect(id.replace("EPOCH", epoch))).next()).event).toBe("resync");
  });

  it("keeps a silent connection open with heartbeats", async () => {
    const stream = await connect();
    await stream.next();
    t.time.advance(15_000);
    expect(await stream.next()).toEqual({ event: ":", data: "heartbeat" });
  });

  it("ends when the server closes, and needs a session or token", async () => {
    expect((await t.request("/api/v1/stream", { headers: {} })).status).toBe(401);
    const stream = await connect();
    await stream.next();
    const [ended] = await Promise.all([stream.ended(), t.server.close()]);
    expect(ended).toBe(true);
  });
});
