import { defineConfig } from "vitest/config";

const resolve = { conditions: ["vedette-source", "module", "node", "import", "default"] };

/** A project for each room with tests; `npx vitest run --project detection` runs one. */
const project = (name: string, root: string) => ({
  resolve,
  ssr: { resolve },
  test: {
    name,
    root,
    environment: "node",
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    execArgv: ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    projects: [
      project("semconv", "packages/semconv"),
      project("api", "packages/api"),
      project("detection", "packages/detection"),
      project("worker", "packages/worker"),
      project("instrumentation", "packages/instrumentation"),
      project("shop", "examples/shop"),
      project("attacker", "examples/attacker"),
      project("dashboards", "dashboards"),
      project("alert-rules", "alert-rules"),
      project("repository", "test"),
      "./grafana-plugin/vitest.config.ts",
    ],
  },
});
