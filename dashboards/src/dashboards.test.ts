import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DASHBOARDS } from "./dashboards.ts";

interface AnyPanel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; refId: string }[];
}

describe.each(DASHBOARDS.map((dashboard) => [dashboard.file, dashboard] as const))("%s", (file, { build }) => {
  const dashboard = build();
  const panels = (dashboard.panels ?? []) as unknown as AnyPanel[];

  test("is what the checked-in JSON says", () => {
    expect(readFileSync(join(import.meta.dirname, "..", file), "utf8")).toBe(`${JSON.stringify(dashboard, null, 2)}\n`);
  });
  test("has a stable uid, the schema that Grafana 13.2 writes, and a data source variable", () => {
    expect(dashboard.uid).toMatch(/^vedette-[a-z-]+$/);
    expect(dashboard.schemaVersion).toBe(42);
    expect(JSON.stringify(dashboard)).not.toContain("__inputs");
    expect(dashboard.templating?.list?.map(({ name }) => name)).toContain("datasource");
  });
  test("gives every panel an id of its own", () => {
    const ids = panels.map(({ id }) => id);
    expect(ids.every((id) => id > 0)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });
  test("has no panels that overlap or stick out", () => {
    const cells = new Set<string>();
    for (const { gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells).not.toContain(`${x}/${y}`);
          cells.add(`${x}/${y}`);
        }
    }
  });
  test("describes every panel and gives it a query", () => {
    for (const panel of panels.filter(({ type }) => type !== "row")) {
      expect(panel.description, panel.title).toBeTruthy();
      expect(
        panel.targets?.every(({ expr }) => expr.length > 0),
        panel.title,
      ).toBe(true);
    }
  });
});
