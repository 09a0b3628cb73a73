// The browser tests run in Node and bring a real browser; everything else gets what jsdom lacks, before @grafana/ui is imported.
if (typeof document !== "undefined") {
  await import("./testing/browser-stubs.ts");
  await import("./testing/prepare-pages.ts");
}

export {};
