import { existsSync } from "node:fs";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Alert } from "@vedette/api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HttpRequest, HttpResponse, Network } from "../ports.ts";
import { createNodePorts } from "../ports-node.ts";
import type { OutboxRow } from "../store/store.ts";
import { createManualTime } from "../testing/manual-time.ts";
import { createMemoryLog } from "../testing/server-harness.ts";
import { sampleAlert, sampleEffect } from "../testing/store-samples.ts";
import {
  type AlertmanagerNotifier,
  createAlertmanagerNotifier,
  type PostableAlert,
  postableAlert,
} from "./alertmanager.ts";

const NOW = Date.UTC(2026, 0, 1);
const effectFor = (subject: string): OutboxRow => ({
  ...sampleEffect("e1", { subject }),
  state: "attempting",
  attempts: 1,
  notBefore: 0,
});
const open = (id: string, more: Partial<Alert> = {}): Alert => sampleAlert(id, { openedAt: NOW - 60_000, ...more });

const notifiers: AlertmanagerNotifier[] = [];
afterEach(async () => {
  for (const notifier of notifiers.splice(0)) await notifier.close();
});

function notify(options: {
  urls?: readonly string[];
  token?: string;
  network: Network;
  alerts?: Alert[];
  now?: number;
}) {
  const alerts = new Map((options.alerts ?? [open("a1")]).map((alert) => [alert.id, alert]));
  const time = createManualTime(options.now ?? NOW);
  const log = createMemoryLog();
  const notifier = createAlertmanagerNotifier({
    urls: options.urls ?? ["http://am-1:9093", "http://am-2:9093/prefix/"],
    token: options.token,
    timeout: 1_000,
    store: {
      alert: async (id) => alerts.get(id),
      // Two a page, so that paging is needed.
      listAlerts: async ({ status, cursor }) => {
        const all = [...alerts.values()].filter((alert) => alert.status === status);
        const from = Number(cursor ?? 0);
        return {
          items: all.slice(from, from + 2),
          total: all.length,
          ...(from + 2 < all.length ? { nextCursor: String(from + 2) } : {}),
        };
      },
    },
    ports: { clock: time.clock, timers: time.timers, network: options.network, log },
    alertUrl: (id) => `http://worker.test/alerts/${id}`,
  });
  notifiers.push(notifier);
  return { notifier, alerts, time, log };
}

function recordingNetwork(answer: (request: HttpRequest) => HttpResponse | Error = () => ({ status: 200, body: "" })) {
  const sent: { url: string; headers: Readonly<Record<string, string>>; alerts: PostableAlert[] }[] = [];
  const network: Network = {
    async request(request) {
      sent.push({
        url: request.url,
        headers: request.headers ?? {},
        alerts: JSON.parse(request.body ?? "") as PostableAlert[],
      });
      const given = answer(request);
      if (given instanceof Error) throw given;
      return given;
    },
  };
  return { network, sent };
}

describe("postableAlert", () => {
  const posted = postableAlert(open("a1", { title: "Stuffing", incidentId: "i1" }), NOW + 300_000, "http://x/a1");

  it("has the labels that routes and people need, none with a dot, and nothing in them that changes", () => {
    expect(posted.labels).toEqual({
      alertname: "A rule",
      severity: "high",
      vedette_alert_id: "a1",
      vedette_kind: "security",
      vedette_rule: "rule-1",
      vedette_tenant: "default",
    });
    for (const name of Object.keys(posted.labels)) expect(name).toMatch(/^[a-zA-Z_]\w*$/);
    const later = postableAlert(
      open("a1", { title: "Other", status: "acknowledged", findingCount: 9, revision: 7 }),
      NOW,
      "http://x/a1",
    );
    expect(later.labels).toEqual(posted.labels);
  });

  it("carries what a person wants to know as annotations and leaves empty ones out", () => {
    expect(posted.annotations).toMatchObject({
      summary: "Stuffing",
      entities: "address 203.0.113.7",
      techniques: "T1110",
      incident: "i1",
    });
    expect(posted.annotations).not.toHaveProperty("description");
    expect(posted).toMatchObject({
      startsAt: "2025-12-31T23:59:00.000Z",
      endsAt: "2026-01-01T00:05:00.000Z",
      generatorURL: "http://x/a1",
    });
  });

  it("never ends before it starts", () => {
    expect(postableAlert(open("a1"), 0, "http://x")).toMatchObject({ endsAt: "2025-12-31T23:59:00.000Z" });
  });
});

describe("the executor", () => {
  it("tells every Alertmanager, with the token", async () => {
    const { network, sent } = recordingNetwork();
    const { notifier } = notify({ network, token: "am-token" });
    expect(await notifier.executor.execute(effectFor("a1"))).toEqual({
      outcome: "done",
      detail: "am-1:9093 took it; am-2:9093 took it",
    });
    expect(sent.map(({ url }) => url)).toEqual([
      "http://am-1:9093/api/v2/alerts",
      "http://am-2:9093/prefix/api/v2/alerts",
    ]);
    expect(sent[0]?.headers).toMatchObject({ authorization: "Bearer am-token", "content-type": "application/json" });
    expect(sent[0]?.alerts[0]?.endsAt).toBe("2026-01-01T00:05:00.000Z");
  });

  it.each([
    ["one of two took it", [{ status: 200, body: "" }, new Error("timeout")], "done"],
    ["none answered", [new Error("timeout"), new Error("reset")], "unknown"],
    ["one refused and one did not answer", [{ status: 500, body: "" }, new Error("timeout")], "unknown"],
    [
      "all refused",
      [
        { status: 400, body: "bad label" },
        { status: 503, body: "" },
      ],
      "failed",
    ],
  ] as const)("says when %s", async (_, answers, outcome) => {
    const left = [...answers];
    const { notifier } = notify({ network: recordingNetwork(() => left.shift() ?? { status: 200, body: "" }).network });
    expect((await notifier.executor.execute(effectFor("a1"))).outcome).toBe(outcome);
  });

  it.each([
    ["closed", { status: "closed", closeReason: "false_positive" }],
    ["merged into another", { mergedInto: "a0" }],
  ] as const)("resolves an alert that was %s", async (_, more) => {
    const { network, sent } = recordingNetwork();
    const { notifier } = notify({ network, alerts: [open("a1", more)] });
    await notifier.executor.execute(effectFor("a1"));
    expect(sent[0]?.alerts[0]?.endsAt).toBe("2026-01-01T00:00:00.000Z");
  });

  it("fails for an alert that there is not, and without an Alertmanager", async () => {
    const { network } = recordingNetwork();
    expect(await notify({ network }).notifier.executor.execute(effectFor("nope"))).toMatchObject({ outcome: "failed" });
    expect(await notify({ network, urls: [] }).notifier.executor.execute(effectFor("a1"))).toMatchObject({
      outcome: "failed",
    });
  });
});

describe("the refresh", () => {
  it("repeats every open and acknowledged alert before its end is reached, and no closed or merged one", async () => {
    const { network, sent } = recordingNetwork();
    const alerts = [open("a1"), open("a2"), open("a3"), open("a4", { mergedInto: "a1" })];
    alerts.push(open("a5", { status: "acknowledged" }), open("a6", { status: "closed" }));
    const { notifier, time } = notify({ network, urls: ["http://am-1:9093"], alerts });
    time.advance(60_000);
    await notifier.refresh();
    const repeated = sent.flatMap(({ alerts: posted }) => posted.map(({ labels }) => labels["vedette_alert_id"]));
    // Once by the timer, once as asked for.
    expect(repeated.sort((a, b) => String(a).localeCompare(String(b), "en"))).toEqual([
      "a1",
      "a1",
      "a2",
      "a2",
      "a3",
      "a3",
      "a5",
      "a5",
    ]);
    for (const { alerts: posted } of sent) expect(posted[0]?.endsAt).toBe("2026-01-01T00:06:00.000Z");
  });

  it("never lets an older state follow a newer one", async () => {
    const asked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const order: string[] = [];
    let requests = 0;
    const network: Network = {
      async request({ body }) {
        const [alert] = JSON.parse(body ?? "") as PostableAlert[];
        asked.resolve();
        if (++requests === 1) await release.promise;
        order.push(alert?.endsAt ?? "");
        return { status: 200, body: "" };
      },
    };
    const { notifier, alerts } = notify({ network, urls: ["http://am-1:9093"] });
    const refreshed = notifier.refresh();
    await asked.promise;
    alerts.set("a1", open("a1", { status: "closed" }));
    const resolved = notifier.executor.execute(effectFor("a1"));
    // Long enough for the later one to pass, if it could.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    release.resolve();
    await Promise.all([refreshed, resolved]);
    expect(order).toEqual(["2026-01-01T00:05:00.000Z", "2026-01-01T00:00:00.000Z"]);
  });

  it("warns and goes on when no Alertmanager can be reached", async () => {
    const { network } = recordingNetwork(() => new Error("refused"));
    const { notifier, log } = notify({ network });
    expect(await notifier.refresh()).toBe(1);
    expect(log.entries.map(({ level }) => level)).toEqual(["warn"]);
  });
});

const BINARY = process.env["ALERTMANAGER"] ?? "/usr/bin/prometheus-alertmanager";
const required = process.env["VEDETTE_TEST_REQUIRE"] === "all";
const missing = !existsSync(BINARY);

describe.skipIf(missing && !required)(
  `a real Alertmanager${missing ? ` (skipped: there is no ${BINARY})` : ""}`,
  () => {
    let folder: string;
    let process_: ChildProcess;
    let url: string;

    interface Shown {
      readonly labels: Record<string, string>;
      readonly annotations: Record<string, string>;
      readonly endsAt: string;
      readonly generatorURL: string;
      readonly status: { readonly state: string };
    }
    const shown = async (): Promise<Shown[]> =>
      (await (await fetch(`${url}/api/v2/alerts?active=true`)).json()) as Shown[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "vedette-alertmanager-"));
      const probe = createServer();
      await new Promise<void>((resolve) => void probe.listen(0, "127.0.0.1", resolve));
      const { port } = probe.address() as AddressInfo;
      await new Promise((resolve) => void probe.close(resolve));
      url = `http://127.0.0.1:${port}`;
      await writeFile(join(folder, "am.yml"), "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n");
      process_ = spawn(
        BINARY,
        [
          `--config.file=${folder}/am.yml`,
          `--storage.path=${folder}/data`,
          `--web.listen-address=127.0.0.1:${port}`,
          "--cluster.listen-address=",
        ],
        { stdio: "ignore" },
      );
      for (let attempt = 0; ; attempt += 1) {
        if (attempt > 500) throw new Error("Alertmanager has not become ready");
        if (
          await fetch(`${url}/-/ready`).then(
            (answer) => answer.ok,
            () => false,
          )
        )
          return;
        await new Promise((resolve) => void setTimeout(resolve, 20));
      }
    });
    afterAll(async () => {
      if (process_.exitCode === null) {
        const ended = new Promise((resolve) => void process_.once("exit", resolve));
        process_.kill();
        await ended;
      }
      await rm(folder, { recursive: true });
    });

    it("shows an open alert, keeps it by a refresh as one, and drops it when it is closed", async () => {
      const { network } = createNodePorts(createMemoryLog());
      const now = Date.now();
      const first = sampleAlert("a-real", { openedAt: now - 1_000, title: 'Ümläut "quoted" 10.0.0.1' });
      const { notifier, alerts, time } = notify({ network, urls: [url], alerts: [first], now });
      expect(await notifier.executor.execute(effectFor("a-real"))).toMatchObject({ outcome: "done" });
      expect(await notifier.executor.execute(effectFor("a-real"))).toMatchObject({ outcome: "done" });
      const [alert, ...others] = await shown();
      expect(others).toEqual([]);
      expect(alert).toMatchObject({
        labels: { alertname: "A rule", vedette_alert_id: "a-real" },
        annotations: { summary: 'Ümläut "quoted" 10.0.0.1' },
        generatorURL: "http://worker.test/alerts/a-real",
        status: { state: "active" },
      });
      time.advance(30_000);
      await notifier.refresh();
      const [refreshed, ...more] = await shown();
      expect(more).toEqual([]);
      expect(Date.parse(refreshed?.endsAt ?? "") - Date.parse(alert?.endsAt ?? "")).toBe(30_000);

      alerts.set("a-real", { ...first, status: "closed", closeReason: "true_positive" });
      time.advance(-30_000);
      expect(await notifier.executor.execute(effectFor("a-real"))).toMatchObject({ outcome: "done" });
      expect(await shown()).toEqual([]);
    });

    it("has its refusal passed on", async () => {
      const { network } = createNodePorts(createMemoryLog());
      const { notifier } = notify({ network, urls: [`${url}/elsewhere`] });
      const result = await notifier.executor.execute(effectFor("a1"));
      expect(result.outcome).toBe("failed");
      expect(result.detail).toContain("404");
    });
  },
);
