import { screen, waitFor, within } from "@testing-library/react";
import type { DenyListEntry } from "@vedette/api";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop, emptyWorker } from "../../testing/worker-fixture.ts";

const now = Date.now();

it("keeps what is in force apart from what ended", async () => {
  renderPage("/deny-list", { fixture: attackedShop(now), now });
  const active = await screen.findByRole("table", { name: "Blocks in force" });
  expect(within(active).getByText("203.0.113.66")).toBeTruthy();
  const ended = screen.getByRole("table", { name: "Blocks that ended" });
  expect(within(ended).getByText("Expired")).toBeTruthy();
  expect(within(ended).getByText("Undone")).toBeTruthy();
  expect(within(ended).queryByRole("button")).toBeNull();
});

it("says what is done to whom", async () => {
  const fixture = attackedShop(now);
  const [first] = fixture.denyList;
  const entry = { ...first, id: "t1", state: "in_force", createdAt: now, expiresAt: now + 60_000 } as DenyListEntry;
  const user: DenyListEntry = {
    ...entry,
    id: "t2",
    action: "step_up",
    address: undefined,
    targets: [{ kind: "user.hash", value: "4f2a91c03b" }],
    label: "ada",
  };
  const throttle: DenyListEntry = {
    ...entry,
    action: "throttle",
    address: undefined,
    targets: [
      { kind: "client.address", value: "198.51.100.0/24" },
      { kind: "http.route", value: "/login" },
    ],
    rate: { limit: 5, seconds: 60 },
  };
  renderPage("/deny-list", { fixture: { ...fixture, denyList: [throttle, user] }, now });
  const active = await screen.findByRole("table", { name: "Blocks in force" });
  expect(within(active).getByText("Throttle")).toBeTruthy();
  expect(within(active).getByText("198.51.100.0/24 on /login")).toBeTruthy();
  expect(within(active).getByText("Step-up")).toBeTruthy();
  expect(within(active).getByText("user ada (4f2a91c0)")).toBeTruthy();
  expect(within(active).getByRole("button", { name: "Undo the step-up of user ada (4f2a91c0)" })).toBeTruthy();
});

it("blocks an address by hand, after checking it", async () => {
  const { user, worker, address } = renderPage("/deny-list", { fixture: emptyWorker(now), now });
  await user.click(await screen.findByRole("button", { name: "Block an address" }));
  expect(address()).toBe("/deny-list?add=");
  await user.type(await screen.findByRole("textbox", { name: /Address/ }), "203.0.113.0/24");
  await user.type(screen.getByRole("textbox", { name: /Why/ }), "Scrapes the catalogue");
  await user.click(screen.getByRole("button", { name: "Block the address" }));
  expect(await screen.findByText(/One address, not a range/)).toBeTruthy();
  expect(worker.writes).toEqual([]);
  await user.clear(screen.getByRole("textbox", { name: /Address/ }));
  await user.type(screen.getByRole("textbox", { name: /Address/ }), "203.0.113.9");
  await user.click(screen.getByRole("button", { name: "Block the address" }));
  const active = await screen.findByRole("table", { name: "Blocks in force" });
  expect(within(active).getByText("203.0.113.9")).toBeTruthy();
  expect(worker.writes).toMatchObject([
    { body: { address: "203.0.113.9", seconds: 3_600, reason: "Scrapes the catalogue" } },
  ]);
  await waitFor(() => expect(address()).toBe("/deny-list"));
});

it("lets nobody add or undo who may only look", async () => {
  renderPage("/deny-list?add=203.0.113.9", { fixture: attackedShop(now), now, role: "Viewer" });
  await screen.findByRole("table", { name: "Blocks in force" });
  expect(screen.queryByRole("button", { name: /Undo/ })).toBeNull();
  expect(screen.queryByRole("dialog")).toBeNull();
});
