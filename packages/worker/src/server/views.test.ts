import { describe, expect, it } from "vitest";
import { sampleAlert, sampleFact, sampleIncident, sampleRecord } from "../testing/store-samples.ts";
import { type DetailStore, incidentDetail } from "./views.ts";

/** A store in which each alert has so many events, one finding an event. */
function storeOf(eventCount: number): DetailStore {
  const numbers = Array.from({ length: eventCount }, (_, index) => index);
  return {
    alert: async (id) => sampleAlert(id, { firstSeen: 0, lastSeen: eventCount, eventCount }),
    alertMembers: async (alertId, limit) =>
      numbers
        .slice(0, limit)
        .map((time) => ({ alertId, findingId: `${alertId}/${time}`, kind: "fact" as const, from: time, to: time })),
    findings: async (ids) => ids.map((id) => sampleFact(id, { eventId: id, time: Number(id.split("/")[1]) })),
    events: async (ids) => ids.map((id) => ({ ...sampleRecord(id, { time: Number(id.split("/")[1]) }), sequence: 1 })),
    history: async () => [],
    denyListOfIncident: async () => [],
  };
}

describe("incidentDetail", () => {
  it.each([
    ["as many events as are shown", 1, 4, []],
    ["more events", 1, 10, ["… 6 more events of this alert"]],
    ["more findings than are read", 1, 300, ["… 296 more events of this alert"]],
    ["one event too many", 1, 5, ["… 1 more event of this alert"]],
    ["more alerts than are shown with their events", 51, 1, ["… 1 more event of this alert"]],
  ])("says what the timeline leaves out of %s", async (_, alertCount, eventCount, told) => {
    const alertIds = Array.from({ length: alertCount }, (_, index) => `a${index}`);
    const { timeline } = await incidentDetail(storeOf(eventCount), sampleIncident("i1", { alertIds }));
    expect(timeline.map(({ title }) => title).filter((title) => title.startsWith("…"))).toEqual(told);
  });
});
