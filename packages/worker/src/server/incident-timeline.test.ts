import type { TimelineRow } from "@vedette/api";
import { describe, expect, it } from "vitest";
import type { InboxRow } from "../store/store.ts";
import { sampleAlert, sampleDeny, sampleRecord } from "../testing/store-samples.ts";
import { incidentTimeline, type TimelineParts } from "./incident-timeline.ts";

const nothing: TimelineParts = { alerts: [], events: [], actions: [], history: [] };
const event = (
  id: string,
  time: number,
  document: InboxRow["document"] = { event_name: "vedette.session" },
): InboxRow => ({
  ...sampleRecord(id, { time, document }),
  sequence: 1,
});
const told = (parts: Partial<TimelineParts>): (readonly [number, TimelineRow["kind"], string])[] =>
  incidentTimeline({ ...nothing, ...parts }).map(({ time, kind, title }) => [time, kind, title]);

describe("incidentTimeline", () => {
  it("tells a story in the order of time, at one instant in the order of cause and effect", () => {
    const alert = sampleAlert("a1", { title: "Credential stuffing", firstSeen: 1_000, lastSeen: 1_000 });
    expect(
      told({
        alerts: [alert],
        events: [{ alert, events: [event("e2", 2_000), event("e1", 1_000)], omitted: 0 }],
        actions: [
          sampleDeny("d1", {
            createdAt: 1_000,
            expiresAt: 3_000,
            state: "expired",
            endedAt: 3_000,
            endedBy: "responder",
          }),
        ],
        history: [
          { subject: "i1", time: 1_000, actor: "responder", change: "opened" },
          { subject: "i1", time: 2_500, actor: "rob", change: "status:triaged", note: "looking" },
        ],
      }),
    ).toEqual([
      [1_000, "event", "session"],
      [1_000, "alert", "Credential stuffing"],
      [1_000, "action", "Blocked 203.0.113.7 until 1970-01-01T00:00:03.000Z: Attack"],
      [2_000, "event", "session"],
      [2_500, "person", "status:triaged: looking"],
      [3_000, "action", "The block of 203.0.113.7 expired"],
    ]);
  });

  it("shows an event that two alerts share once, with the first alert", () => {
    const [first, second] = [sampleAlert("a1"), sampleAlert("a2")];
    const shared = event("e1", 1);
    const rows = incidentTimeline({
      ...nothing,
      events: [
        { alert: first, events: [shared], omitted: 0 },
        { alert: second, events: [shared], omitted: 0 },
      ],
    });
    expect(rows).toEqual([
      { time: 1, kind: "event", title: "session", source: "event", alertId: "a1", eventIds: ["e1"] },
    ]);
  });

  it.each([
    ["when it was opened, while the events came in", { firstSeen: 1_000, lastSeen: 9_000, openedAt: 3_000 }, 3_000],
    ["with its last event, when older events were read", { firstSeen: 1_000, lastSeen: 2_000, openedAt: 9_000 }, 2_000],
    ["not before its first event", { firstSeen: 1_000, lastSeen: 2_000, openedAt: 500 }, 1_000],
  ])("places an alert %s", (_, times, at) => {
    const [row] = incidentTimeline({ ...nothing, alerts: [sampleAlert("a1", times)] });
    expect(row).toMatchObject({ time: at, source: "rule-1" });
  });

  it("says how many events of an alert it leaves out, where they were", () => {
    const alert = sampleAlert("a1", { firstSeen: 1, lastSeen: 9 });
    const events = [event("e1", 1), event("e2", 2), event("e9", 9)];
    const rows = incidentTimeline({ ...nothing, events: [{ alert, events, omitted: 6 }] });
    expect(rows.map(({ time, title }) => [time, title])).toEqual([
      [1, "session"],
      [2, "session"],
      [2, "… 6 more events of this alert"],
      [9, "session"],
    ]);
    expect(rows[2]).toEqual({
      time: 2,
      kind: "event",
      title: "… 6 more events of this alert",
      source: "detector",
      alertId: "a1",
    });
  });

  it("tells of a block that was not made, and why", () => {
    const history = [
      { subject: "a1", time: 7, actor: "responder", change: "block:refused", note: "It is never blocked." },
    ];
    expect(incidentTimeline({ ...nothing, alerts: [sampleAlert("a1")], history })).toContainEqual({
      time: 7,
      kind: "action",
      title: "Did not block: It is never blocked.",
      source: "responder",
      alertId: "a1",
    });
  });

  it.each([
    ["responder", "action"],
    ["rob", "person"],
  ] as const)("tells that %s extended a block for another reason", (actor, kind) => {
    const history = [{ subject: "a1", time: 7, actor, change: "block:extended", note: "203.0.113.7 until …" }];
    expect(told({ history })).toEqual([[7, kind, "Extended the block of 203.0.113.7 until …"]]);
  });

  it.each([
    ["a person's block", { requestedBy: "rob" }, ["person"]],
    ["a block that a person undid", { state: "undone", endedAt: 5_000, endedBy: "rob" }, ["action", "person"]],
    [
      "a block that a withdrawn cause undid",
      { state: "undone", endedAt: 5_000, endedBy: "responder" },
      ["action", "action"],
    ],
  ] as const)("says who made %s", (_, more, kinds) => {
    expect(told({ actions: [sampleDeny("d1", more)] }).map(([, kind]) => kind)).toEqual(kinds);
  });

  it.each([
    [
      "a failed login",
      {
        event_name: "vedette.authentication",
        attributes: { "event.outcome": "failure", "user.name": "anna", "client.address": "203.0.113.7" },
      },
      "authentication · failure · anna · 203.0.113.7",
    ],
    [
      "a failed login of a service that hashes users",
      {
        event_name: "vedette.authentication",
        attributes: { "event.outcome": "failure", "user.hash": "0123456789abcdef0123456789abcdef" },
      },
      "authentication · failure · user 01234567",
    ],
    [
      "a suspicious request, each class once",
      {
        event_name: "vedette.request.suspicious",
        attributes: {
          "vedette.request.indicators": ["xss", "xss", "sql_injection"],
          "http.request.method": "GET",
          "url.path": "/search",
          "http.response.status_code": 200,
        },
      },
      "request.suspicious · xss, sql_injection · GET · /search · 200",
    ],
    ["a log line without a name", { body: { text: "kernel panic" }, attributes: {} }, "kernel panic"],
    ["a document that tells nothing", { attributes: "odd", body: ["x"] }, "event"],
  ] as const)("describes %s", (_, document, title) => {
    const rows = told({ events: [{ alert: sampleAlert("a1"), events: [event("e1", 1, document)], omitted: 0 }] });
    expect(rows.map(([, , shown]) => shown)).toEqual([title]);
  });

  it("shortens what an attacker made long", () => {
    const document = { event_name: "x".repeat(5_000) };
    const [row] = told({ events: [{ alert: sampleAlert("a1"), events: [event("e1", 1, document)], omitted: 0 }] });
    expect(row?.[2]).toHaveLength(200);
  });
});
