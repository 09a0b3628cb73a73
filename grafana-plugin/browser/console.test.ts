// @vitest-environment node
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createFakeWorker, type FakeWorker } from "../src/testing/fake-worker.ts";
import { attackedShop } from "../src/testing/worker-fixture.ts";
import { serveConsole, type ServedConsole } from "./serve-console.ts";

const executablePath = "/usr/bin/chromium";
const hasChromium = existsSync(executablePath) || process.env["VEDETTE_TEST_REQUIRE"] === "all";
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

describe.skipIf(!hasChromium)(
  `the built console in Chromium${hasChromium ? "" : ` (there is no ${executablePath})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "vedette-console-"));
    let browser: BrowserContext;
    let worker: FakeWorker;
    let served: ServedConsole;
    let page: Page;
    /** Errors and warnings that the page logged, exceptions, and requests that failed. */
    const complaints: string[] = [];

    beforeAll(async () => {
      execFileSync(process.execPath, [join(import.meta.dirname, "..", "build.mjs"), "--out", folder], {
        stdio: "pipe",
      });
      browser = await chromium.launchPersistentContext(join(folder, "profile"), {
        executablePath,
        headless: true,
        colorScheme: "dark",
        viewport: { width: 1400, height: 900 },
        args: flags,
      });
      browser.setDefaultTimeout(30_000);
    }, 180_000);
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });

    beforeEach(async () => {
      worker = createFakeWorker(attackedShop(Date.now()), Date.now);
      served = await serveConsole(join(folder, "out-host"), worker);
      page = await browser.newPage();
      complaints.length = 0;
      // Not every violation is logged: one that the script catches, as a probe for eval does, is not.
      await page.exposeFunction("complain", (text: string) => complaints.push(text));
      await page.addInitScript(() => {
        document.addEventListener(
          "securitypolicyviolation",
          ({ violatedDirective, blockedURI, sourceFile, lineNumber, columnNumber }) => {
            const { complain } = globalThis as unknown as { complain: (text: string) => void };
            complain(
              `security policy: ${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber}:${columnNumber}`,
            );
          },
        );
      });
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
      });
      page.on("pageerror", (error) => complaints.push(`exception: ${error}`));
      page.on("requestfailed", (request) => {
        // A page that is left gives up what it waits for.
        if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()}`);
      });
      page.on("response", (response) => {
        if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
      });
    });
    afterEach(async () => {
      await page.close();
      await served[Symbol.asyncDispose]();
    });

    it("lists alerts, opens one, and Back returns to the filtered list", async () => {
      await page.goto(`${served.origin}/`);
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Alerts" }).click();
      const table = page.getByRole("table", { name: "Alerts" });
      await table.waitFor();
      expect(await table.locator("tbody tr").count()).toBe(5);
      await page.getByRole("radio", { name: "Open" }).click();
      await page.waitForURL("**/alerts?status=open");
      await page.getByRole("link", { name: "SQL injection attempt in a request" }).click();
      await page.getByRole("heading", { level: 1, name: "SQL injection attempt in a request" }).waitFor();
      await page.getByText("A request carries SQL where a value belongs").waitFor();
      await page.getByText('"vedette.request.suspicious"').first().waitFor();
      await page.goBack();
      await page.waitForURL("**/alerts?status=open");
      await table.waitFor();
      expect(await table.locator("tbody tr").count()).toBe(3);
      expect(complaints).toEqual([]);
    });

    it("tells an incident's story in order and leads to its alerts", async () => {
      // The short address that a terminal prints.
      await page.goto(`${served.origin}/incidents/incident-1`);
      const timeline = page.getByRole("list", { name: "Timeline" });
      await timeline.waitFor();
      const times = await timeline
        .locator("time")
        .evaluateAll((all) => all.map((time) => time.getAttribute("datetime") ?? ""));
      expect(times).toHaveLength(8);
      expect(times).toEqual(times.toSorted());
      const kinds = await timeline.locator("li").evaluateAll((all) => all.map((row) => row.getAttribute("data-kind")));
      expect(kinds).toEqual(["event", "alert", "event", "alert", "event", "alert", "action", "person"]);
      expect(await page.title()).toBe("Attack from 203.0.113.66 on shop · Vedette");
      await timeline.getByRole("link", { name: "Password guessing against one account, then success" }).click();
      await page.waitForURL("**/alerts/alert-brute");
      expect(complaints).toEqual([]);
    });

    it("undoes a block after asking, and not before", async () => {
      await page.goto(`${served.origin}/deny-list`);
      await page.getByRole("button", { name: "Undo the block of 203.0.113.66" }).click();
      await page.getByRole("button", { name: "Keep it blocked" }).click();
      expect(worker.writes).toEqual([]);
      await page.getByRole("button", { name: "Undo the block of 203.0.113.66" }).click();
      await page.getByRole("button", { name: "Undo the block", exact: true }).click();
      await page.getByText("Nobody is blocked").waitFor();
      expect(worker.writes).toMatchObject([{ method: "DELETE", url: "/api/v1/deny-list/action-1" }]);
      expect(worker.writes[0]?.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
      expect(complaints).toEqual([]);
    });

    it("shows a change at once when the worker announces it", async () => {
      await page.goto(`${served.origin}/alerts`);
      await page.getByRole("table", { name: "Alerts" }).waitFor();
      const alert = worker.fixture.alerts[0];
      Object.assign(alert ?? {}, { title: "Renamed by the worker" });
      served.announce({ sequence: 1, kind: "alert", id: alert?.id ?? "", revision: 2 });
      // Polling alone would take ten seconds.
      await page.getByText("Renamed by the worker").waitFor({ timeout: 8_000 });
      expect(complaints).toEqual([]);
    });

    it("keeps the theme that was chosen", async () => {
      await page.goto(`${served.origin}/status`);
      await page.getByRole("heading", { name: "Sources" }).waitFor();
      const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const dark = await background();
      await page.getByRole("button", { name: "Change to the light theme" }).click();
      await page.getByRole("button", { name: "Change to the dark theme" }).waitFor();
      const light = await background();
      expect(light).not.toBe(dark);
      await page.reload();
      await page.getByRole("heading", { name: "Sources" }).waitFor();
      expect(await background()).toBe(light);
      await page.getByRole("button", { name: "Change to the dark theme" }).click();
      expect(complaints).toEqual([]);
    });

    it("takes the system's theme until one is chosen", async () => {
      await page.emulateMedia({ colorScheme: "light" });
      await page.goto(`${served.origin}/status`);
      await page.getByRole("heading", { name: "Sources" }).waitFor();
      await page.emulateMedia({ colorScheme: "dark" });
      await page.getByRole("button", { name: "Change to the light theme" }).click();
      await page.getByRole("button", { name: "Change to the dark theme" }).click();
      await page.emulateMedia({ colorScheme: "light" });
      await page.reload();
      await page.getByRole("button", { name: "Change to the light theme" }).waitFor();
      expect(complaints).toEqual([]);
    });

    it("says that there is no such page", async () => {
      await page.goto(`${served.origin}/foo`);
      await page.getByText("There is no such page").waitFor();
      await page.getByRole("main").getByRole("link", { name: "Deny list" }).click();
      await page.waitForURL("**/deny-list");
      expect(complaints).toEqual([]);
    });

    it("says how to sign in when nobody is", async () => {
      worker.failure = { type: "about:blank", title: "Not signed in", status: 401, code: "unauthenticated" };
      await page.goto(`${served.origin}/alerts?status=open&severity=high`);
      await page.getByText("You are not signed in").first().waitFor();
      const signIn = page.getByRole("link", { name: "Sign in with a token" }).first();
      expect(await signIn.getAttribute("href")).toBe(
        "/login?next=%2Fa%2Fvedette-security-app%2Falerts%3Fstatus%3Dopen%26severity%3Dhigh",
      );
      expect(complaints.filter((complaint) => !complaint.includes("401"))).toEqual([]);
    });
  },
);
