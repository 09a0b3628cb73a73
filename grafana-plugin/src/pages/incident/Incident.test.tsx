import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop } from "../../testing/worker-fixture.ts";

const now = Date.UTC(2026, 0, 15, 12);

const rows = async () => within(await screen.findByRole("list", { name: "Timeline" })).getAllByRole("listitem");
const kinds = async () => (await rows()).map((row) => row.dataset["kind"]);

it("tells the story in order of time, whatever order it came in", async () => {
  renderPage("/incidents/incident-1", { fixture: attackedShop(now), now });
  expect(await kinds()).toEqual(["event", "alert", "event", "alert", "event", "alert", "action", "person"]);
  const times = (await rows()).map((row) => row.querySelector("time")?.dateTime ?? "");
  expect(times).toEqual(times.toSorted());
  expect((await rows())[0]?.textContent).toContain("× 20 in 13 s");
});

it("hides kinds and turns the order round, in the address", async () => {
  const { user, address } = renderPage("/incidents/incident-1", { fixture: attackedShop(now), now });
  await rows();
  await user.click(screen.getByText("Events 54"));
  expect(await kinds()).toEqual(["alert", "alert", "alert", "action", "person"]);
  await user.click(screen.getByRole("button", { name: "Oldest first" }));
  expect(await kinds()).toEqual(["person", "action", "alert", "alert", "alert"]);
  expect(address()).toBe("/incidents/incident-1?hide=event&order=newest");
});

it("says why its alerts are together and leads to each", async () => {
  renderPage("/incidents/incident-1", { fixture: attackedShop(now), now });
  expect(await screen.findByText("3 alerts share the address 203.0.113.66 within 3 minutes.")).toBeTruthy();
  const table = screen.getByRole("table", { name: "Alerts of the incident" });
  expect(within(table).getByRole("link", { name: "SQL injection attempt in a request" }).getAttribute("href")).toBe(
    "/a/vedette-security-app/alerts/alert-sqli",
  );
});

it("undoes a block only after asking", async () => {
  const fixture = attackedShop(now);
  const { user, worker } = renderPage("/incidents/incident-1", { fixture, now });
  await user.click(await screen.findByRole("button", { name: "Undo the block of 203.0.113.66" }));
  expect(await screen.findByText("Let 203.0.113.66 in again?")).toBeTruthy();
  expect(worker.writes).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Undo the block" }));
  await waitFor(() => expect(fixture.denyList[0]?.state).toBe("undone"));
});

it("changes the status with a note", async () => {
  const { user, worker } = renderPage("/incidents/incident-1", { fixture: attackedShop(now), now });
  await user.click(await screen.findByRole("button", { name: "Change status or add a note" }));
  await user.click(await screen.findByRole("radio", { name: /Contained/ }));
  await user.type(screen.getByRole("textbox"), "Blocked, password reset");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() =>
    expect(worker.writes).toMatchObject([
      { body: { revision: 3, status: "contained", note: "Blocked, password reset" } },
    ]),
  );
  expect((await screen.findAllByText("Contained")).length).toBeGreaterThan(0);
});

it("says that there is no such incident, and leads to the list", async () => {
  renderPage("/incidents/nothing", { fixture: attackedShop(now), now });
  expect(await screen.findByText("This incident does not exist")).toBeTruthy();
  expect(screen.getByRole("link", { name: "All incidents" }).getAttribute("href")).toBe(
    "/a/vedette-security-app/incidents",
  );
});
