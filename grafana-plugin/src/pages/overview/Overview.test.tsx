import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop, emptyWorker } from "../../testing/worker-fixture.ts";

const now = Date.UTC(2026, 0, 15, 12);

it("shows what is open and the most urgent alert first", async () => {
  renderPage("/overview", { fixture: attackedShop(now), now });
  expect(await screen.findByText("18,402")).toBeTruthy();
  const detector = screen.getByRole("link", { name: /Detector/ });
  expect(detector.textContent).toContain("Warning");
  expect(detector.textContent).toContain("1 rule refused; 31 events matched no log source");
  expect(detector.getAttribute("href")).toBe("/a/vedette-security-app/status");
  const table = await screen.findByRole("table", { name: "Open alerts by priority" });
  expect(table.querySelector("a[data-row-link]")?.textContent).toBe(
    "Password guessing against one account, then success",
  );
});

it("tells the first steps while nothing has arrived", async () => {
  renderPage("/", { fixture: emptyWorker(now), now });
  expect(await screen.findByText("No event has arrived yet: first steps")).toBeTruthy();
  expect(screen.getByText("Healthy")).toBeTruthy();
});

it("says what is wrong with the worker", async () => {
  const fixture = attackedShop(now);
  fixture.status.problems.push("The store has not answered for 30 s.");
  renderPage("/overview", { fixture, now });
  expect(await screen.findByText("The store has not answered for 30 s.")).toBeTruthy();
  expect(screen.getByText("Look here")).toBeTruthy();
});
