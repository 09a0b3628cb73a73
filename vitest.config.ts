import { defineConfig } from "vitest/config";

const resolve = { conditions: ["vedette-source", "node", "import", "default"] };

/** A project for each room with tests; `npx vitest run --project detection` runs one. */
const project = (name: string, root: string) => ({
  resolve,
  ssr: { resolve },
  test: {
    name,
    root,
    environment: "node",
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/*.elasticsearch.test.ts"],
    execArgv: ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

/** Tests against a real Elasticsearch: one node for a run, started only when one of them is selected. */
const elasticsearch = {
  ...project("elasticsearch", "."),
  test: {
    ...project("elasticsearch", ".").test,
    include: ["packages/worker/src/**/*.elasticsearch.test.ts", "test/**/*.elasticsearch.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup: "packages/worker/src/testing/elasticsearch/shared-node.ts",
    runner: "packages/worker/src/testing/elasticsearch/skipping-runner.ts",
    hookTimeout: 240_000,
  },
};

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
      elasticsearch,
      "./grafana-plugin/vitest.config.ts",
    ],
  },
});
