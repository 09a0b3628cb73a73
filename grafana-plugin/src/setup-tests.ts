import { afterEach } from "vitest";

// The browser tests run in Node and bring a real browser; everything else gets what jsdom lacks, before @grafana/ui is imported.
if (typeof document !== "undefined") {
  await import("./testing/browser-stubs.ts");
  await import("./testing/prepare-pages.ts");
  const { cleanup } = await import("@testing-library/react");
  // Here and not in a module: this file runs for each test file, a module once for all of them.
  afterEach(cleanup);
}
