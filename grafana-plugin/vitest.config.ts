import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["vedette-source", "module", "browser", "import", "default"] },
  test: {
    name: "grafana-plugin",
    include: ["**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    environment: "jsdom",
    server: { deps: { inline: [/@grafana\//] } },
  },
});
