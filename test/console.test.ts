import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SECURITY_HEADERS } from "../packages/worker/src/server/security-headers.ts";
import { startTestServer, type TestServer } from "../packages/worker/src/testing/server-harness.ts";
import {
  sampleAlert,
  sampleDeny,
  sampleFact,
  sampleIncident,
  sampleRecord,
} from "../packages/worker/src/testing/store-samples.ts";

const root = resolve(import.meta.dirname, "..");
const consoleFolder = join(root, "grafana-plugin/out-host");
const executablePath = "/usr/bin/chromium";
const missing = [executablePath, join(consoleFolder, "index.html")].filter((path) => !existsSync(path));
const skipped = missing.length > 0 && process.env["VEDETTE_TEST_REQUIRE"] !== "all";

it("the console's own browser test serves it under the worker's content security policy", () => {
  const text = readFileSync(join(root, "grafana-plugin/browser/serve-console.ts"), "utf8");
  const list = /CONTENT_SECURITY_POLICY = \[([^\]]*)\]/.exec(text)?.[1] ?? "";
  const directives = [...list.matchAll(/"([^"]*)"/g)].map(([, directive]) => directive);
  expect(directives.join("; ")).toBe(SECURITY_HEADERS["content-security-policy"]);
});

describe.skipIf(skipped)(
  `the built console served by the worker${skipped ? ` (there is no ${missing.join(", no ")})` : ""}`,
  () => {
    const profile = mkdtempSync(join(tmpdir(), "vedette-browser-"));
    let browser: BrowserContext;
    let worker: TestServer;

    beforeAll(async () => {
      expect(missing).toEqual([]);
      worker = await startTestServer({ consoleFolder: () => consoleFolder });
      await worker.store.append([sampleRecord("e1")]);
      await worker.store.commit({
        id: "1",
        cursor: 1,
        facts: [sampleFact("f1", { eventId: "e1" })],
        alerts: [sampleAlert("a1", { title: "Password guessing" })],
        alertMembers: [{ alertId: "a1", findingId: "f1", kind: "fact", from: 1_000, to: 1_000 }],
        incidents: [sampleIncident("i1", { alertIds: ["a1"] })],
        denyList: [sampleDeny("d1", { incidentId: "i1" })],
      });
      browser = await chromium.launchPersistentContext(profile, {
        executablePath,
        headless: true,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
        ],
      });
      browser.setDefaultTimeout(30_000);
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await worker?.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    });

    it.each([
      ["/alerts", "Alerts", "Password guessing"],
      ["/a/vedette-security-app/alerts/a1", "Password guessing", "203.0.113.7"],
      ["/incidents/i1", "", "Password guessing"],
      ["/deny-list", "", "203.0.113.7"],
    ])("opens %s from a login link without a violation of its policy or an error", async (path, heading, text) => {
      const complaints: string[] = [];
      const page = await browser.newPage();
      await page.exposeFunction("complain", (complaint: string) => complaints.push(complaint));
      // A violation that a script catches is not logged.
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => {
          const { complain } = globalThis as unknown as { complain: (complaint: string) => void };
          complain(`security policy: ${violatedDirective} ${blockedURI} at ${sourceFile}`);
        });
      });
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(`exception: ${error}`));
      page.on("response", (response) => {
        if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
      });
      await page.goto(worker.server.createLoginLink(path));
      if (heading !== "") await page.getByRole("heading", { name: heading }).first().waitFor();
      await page.getByText(text).first().waitFor();
      expect(complaints).toEqual([]);
      await page.close();
    });
  },
);
