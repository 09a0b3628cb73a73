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

it("keeps the newest event apart from the watermark, and says what to do about events without a log source", async () => {
  renderPage("/status", { fixture: attackedShop(now), now });
  const rowOf = (name: string) => screen.getByText(name).nextElementSibling?.querySelector("time")?.dateTime;
  expect(await screen.findByText("Judged up to")).toBeTruthy();
  expect(rowOf("Judged up to")).toBe("2026-01-15T11:59:58.000Z");
  expect(rowOf("Nothing changes any more before")).toBe("2026-01-15T10:59:58.000Z");
  expect(screen.getByRole("button", { name: /The watermark: .* one hour unless configured/ })).toBeTruthy();
  expect(screen.getByText("logsource")).toBeTruthy();
});
