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
  expect(await screen.findByText("This alert does not exist")).toBeTruthy();
  expect(screen.getByRole("link", { name: "All alerts" }).getAttribute("href")).toBe("/a/vedette-security-app/alerts");
});

it("shows what the rule's author put in backticks as code", async () => {
  const fixture = attackedShop(now);
  Object.assign(fixture.alerts.find(({ id }) => id === "alert-sqli") ?? {}, { description: "It carries `UNION`." });
  renderPage("/alerts/alert-sqli", { fixture, now });
  expect((await screen.findByText("UNION")).tagName).toBe("CODE");
});

it("draws what lowers the priority with a minus, to the left of zero", async () => {
  const fixture = attackedShop(now);
  const alert = fixture.alerts.find(({ id }) => id === "alert-sqli");
  const factors = [
    { name: "severity", points: 60, reason: "High." },
    { name: "confidence", points: -20, reason: "Experimental." },
  ];
  Object.assign(alert ?? {}, { priority: { score: 40, factors } });
  renderPage("/alerts/alert-sqli", { fixture, now });
  const less = (await screen.findByText("Experimental.")).closest("li");
  const more = screen.getByText("High.").closest("li");
  const bar = (row: Element | null | undefined) => row?.querySelector<HTMLElement>("[aria-hidden] > span")?.style;
  expect(less?.textContent).toContain("−20");
  expect(bar(less)).toMatchObject({ left: "0%", width: "25%" });
  expect(more?.textContent).toContain("+60");
  expect(bar(more)).toMatchObject({ left: "25%", width: "75%" });
});

it("counts one finding and one event as one", async () => {
  renderPage("/alerts/alert-agent", { fixture: attackedShop(now), now });
  expect(await screen.findByText("1 finding from 1 event")).toBeTruthy();
});
