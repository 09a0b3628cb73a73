import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop } from "../../testing/worker-fixture.ts";

const now = Date.UTC(2026, 0, 15, 12);

it("says why it is an alert, how urgent, and shows the events", async () => {
  renderPage("/alerts/alert-sqli", { fixture: attackedShop(now), now });
  expect(await screen.findByText(/A request carries SQL where a value belongs/)).toBeTruthy();
  expect(screen.getByText("The rule's level is high.")).toBeTruthy();
  expect(screen.getByText("14 events together, over 21 s")).toBeTruthy();
  expect(screen.getAllByText('"203.0.113.66"').length).toBeGreaterThan(0);
  expect(screen.getByRole("link", { name: /Open the incident/ }).getAttribute("href")).toBe(
    "/a/vedette-security-app/incidents/incident-1",
  );
});

it("opens further events when asked", async () => {
  const { user } = renderPage("/alerts/alert-sqli", { fixture: attackedShop(now), now });
  await screen.findByText("Why this is an alert");
  expect(screen.getAllByLabelText("Document")).toHaveLength(1);
  await user.click(screen.getByText("alert-sqli-event-3"));
  await waitFor(() => expect(screen.getAllByLabelText("Document")).toHaveLength(2));
});

it("acknowledges with a note, in the name of who does it", async () => {
  const { user, worker } = renderPage("/alerts/alert-sqli", { fixture: attackedShop(now), now });
  await user.click(await screen.findByRole("button", { name: "Acknowledge" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("textbox"), "Looking at it");
  await user.click(within(dialog).getByRole("button", { name: "Acknowledge" }));
  expect(await screen.findByText("Looking at it")).toBeTruthy();
  expect(worker.writes).toMatchObject([
    { body: { revision: 1, status: "acknowledged", assignee: "ada", note: "Looking at it" } },
  ]);
  expect(screen.queryByRole("button", { name: "Acknowledge" })).toBeNull();
});

it("asks for a reason before it closes", async () => {
  const { user, worker } = renderPage("/alerts/alert-sqli", { fixture: attackedShop(now), now });
  await user.click(await screen.findByRole("button", { name: "Close" }));
  const submit = await screen.findByRole("button", { name: "Close the alert" });
  await user.click(submit);
  expect(await screen.findByText("Choose why the alert is closed.")).toBeTruthy();
  expect(worker.writes).toEqual([]);
  await user.click(screen.getByRole("radio", { name: /True positive/ }));
  await user.click(submit);
  await waitFor(() =>
    expect(worker.fixture.alerts.find(({ id }) => id === "alert-sqli")?.closeReason).toBe("true_positive"),
  );
});

it("shows what somebody else did when they were first", async () => {
  const fixture = attackedShop(now);
  const { user, worker } = renderPage("/alerts/alert-sqli", { fixture, now });
  await user.click(await screen.findByRole("button", { name: "Acknowledge" }));
  const alert = fixture.alerts.find(({ id }) => id === "alert-sqli");
  Object.assign(alert ?? {}, { revision: 9, severity: "critical" });
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Acknowledge" }));
  expect(await screen.findByText("Somebody has changed it in the meantime")).toBeTruthy();
  expect((await screen.findAllByText("Critical")).length).toBeGreaterThan(0);
  await user.click(within(dialog).getByRole("button", { name: "Acknowledge" }));
  await waitFor(() => expect(worker.writes.at(-1)?.body).toMatchObject({ revision: 9 }));
  const keys = worker.writes.map(({ idempotencyKey }) => idempotencyKey);
  expect(new Set(keys).size).toBe(keys.length);
});

it("hides what a viewer may not do", async () => {
  renderPage("/alerts/alert-sqli", { fixture: attackedShop(now), now, role: "Viewer" });
  await screen.findByText("Why this is an alert");
  expect(screen.queryByRole("button", { name: "Acknowledge" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Close" })).toBeNull();
});

it("says that there is no such alert", async () => {
  renderPage("/alerts/nothing", { fixture: attackedShop(now), now });
  expect(await screen.findByText("There is no such thing here")).toBeTruthy();
});
