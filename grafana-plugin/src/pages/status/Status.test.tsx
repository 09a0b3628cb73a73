import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop } from "../../testing/worker-fixture.ts";

const now = Date.UTC(2026, 0, 15, 12);

it("shows sources, what no rule looked at, rule files with problems and refused input", async () => {
  renderPage("/status", { fixture: attackedShop(now), now });
  for (const text of [
    "/var/log/shop/audit.jsonl does not exist yet",
    '"cache warmed"',
    'Did you mean "contains"?',
    "Not a protobuf ExportLogsServiceRequest: wrong wire type at byte 3.",
  ]) {
    expect(await screen.findByText(text)).toBeTruthy();
  }
});

it("says what the watermark is and what to do about events that match no log source", async () => {
  renderPage("/status", { fixture: attackedShop(now), now });
  expect(await screen.findByText("Nothing changes any more before")).toBeTruthy();
  expect(screen.getByRole("button", { name: /The watermark: .* one hour unless configured/ })).toBeTruthy();
  expect(screen.getByText("logsource")).toBeTruthy();
});
