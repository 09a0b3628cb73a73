import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const runtime = dirname(dirname(dirname(fileURLToPath(import.meta.resolve("@grafana/runtime")))));

export default defineConfig({
  resolve: {
    conditions: ["vedette-source", "module", "browser", "import", "default"],
    alias: { "grafana-internal/PluginPage": join(runtime, "dist/esm/components/PluginPage.mjs") },
  },
  test: {
    name: "grafana-plugin",
    include: ["**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/out-host/**"],
    environment: "jsdom",
    isolate: false,
    // In this order: @grafana/ui asks the browser things as soon as it is imported.
    setupFiles: ["./src/testing/browser-stubs.ts", "./src/setup-tests.ts"],
    server: { deps: { inline: [/@grafana\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
