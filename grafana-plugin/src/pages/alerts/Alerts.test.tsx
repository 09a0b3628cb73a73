import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop, emptyWorker } from "../../testing/worker-fixture.ts";

const now = Date.UTC(2026, 0, 15, 12);

const titles = async () => {
  const table = await screen.findByRole("table", { name: "Alerts" });
  return within(table)
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("link")[0]?.textContent);
};

it("lists alerts, the one seen last first", async () => {
  renderPage("/alerts", { fixture: attackedShop(now), now });
  expect(await titles()).toEqual([
    "Password guessing against one account, then success",
    "SQL injection attempt in a request",
    "Forced browsing for hidden files",
    "AI agent called a tool outside its scope",
    "Outbound request to a metadata address",
  ]);
});

it.each([
  { query: "?status=open", expected: 3 },
  { query: "?severity=high", expected: 2 },
  { query: "?status=open&severity=high", expected: 1 },
  { query: "?entity=support-bot", expected: 1 },
  { query: "?rule=vedette-ssrf-metadata", expected: 1 },
  { query: "?severity=terrible", expected: 5 },
])("reads its filters from the address: $query", async ({ query, expected }) => {
  renderPage(`/alerts${query}`, { fixture: attackedShop(now), now });
  expect(await titles()).toHaveLength(expected);
});

it("writes a filter and an order into the address", async () => {
  const { user, address } = renderPage("/alerts", { fixture: attackedShop(now), now });
  await titles();
  await user.click(screen.getByRole("radio", { name: "Open" }));
  await waitFor(() => expect(address()).toBe("/alerts?status=open"));
  await user.click(await screen.findByRole("button", { name: "Severity" }));
  await waitFor(() => expect(address()).toBe("/alerts?status=open&sort=-severity"));
  expect((await titles())[0]).toBe("Password guessing against one account, then success");
  expect(screen.getByRole("columnheader", { name: "Severity" }).getAttribute("aria-sort")).toBe("descending");
});

it("filters by an entity that is clicked", async () => {
  const { user, address } = renderPage("/alerts", { fixture: attackedShop(now), now });
  await titles();
  await user.click(screen.getByRole("link", { name: "support-bot" }));
  expect(address()).toBe("/alerts?entity=support-bot");
});

it("says what would bring alerts when there are none", async () => {
  renderPage("/alerts", { fixture: emptyWorker(now), now });
  expect(await screen.findByText("No alerts")).toBeTruthy();
  expect(screen.getByText(/No rule has found anything yet/)).toBeTruthy();
});

it("offers all alerts when none matches the filters", async () => {
  renderPage("/alerts?entity=nobody", { fixture: attackedShop(now), now });
  const link = await screen.findByRole("link", { name: "Show all alerts" });
  expect(link.getAttribute("href")).toBe("/a/vedette-security-app/alerts");
});

it("says how to sign in", async () => {
  const failure = { type: "about:blank", title: "No", status: 401, code: "unauthenticated" };
  renderPage("/alerts", { fixture: attackedShop(now), now, failure });
  expect(await screen.findByText("You are not signed in")).toBeTruthy();
  expect(screen.getByText(/Open the link that the worker printed/)).toBeTruthy();
});

it("moves between rows with j and k", async () => {
  const { user } = renderPage("/alerts", { fixture: attackedShop(now), now });
  await titles();
  await user.keyboard("jjk");
  expect(document.activeElement?.textContent).toBe("Password guessing against one account, then success");
});
