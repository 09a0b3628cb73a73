import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop } from "../../testing/worker-fixture.ts";

const now = Date.UTC(2026, 0, 15, 12);

it.each(["/foo", "/alerts/one/two"])("says that there is no page at %s and leads to those that exist", async (path) => {
  const { address } = renderPage(path, { fixture: attackedShop(now), now });
  expect(await screen.findByText("There is no such page")).toBeTruthy();
  expect(screen.getByText(path)).toBeTruthy();
  expect(screen.getByRole("link", { name: "Alerts" }).getAttribute("href")).toBe("/a/vedette-security-app/alerts");
  expect(address()).toBe(path);
});
