import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const runtime = dirname(dirname(dirname(fileURLToPath(import.meta.resolve("@grafana/runtime")))));

export default defineConfig({
  // For the browser tests, which run in Node.
  ssr: { resolve: { conditions: ["vedette-source", "module", "node", "import", "default"] } },
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
    setupFiles: ["./src/setup-tests.ts"],
    server: { deps: { inline: [/@grafana\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
