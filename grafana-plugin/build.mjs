// npm run build:plugin: dist/ (the Grafana app) and out-host/ (the standalone console: a static folder that the worker serves).
// With --out FOLDER both are made below that folder.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve as resolvePath } from "node:path";
import { parseArgs } from "node:util";
import { rspack } from "@rspack/core";
import { copyStaticFiles } from "./host/copy-static-files.mjs";

const root = import.meta.dirname;
const { values } = parseArgs({ options: { out: { type: "string" } } });
const target = resolvePath(values.out ?? root);
const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { id } = JSON.parse(readFileSync(join(root, "src/plugin.json"), "utf8"));
const epoch = process.env.SOURCE_DATE_EPOCH;
const today = (epoch === undefined ? new Date() : new Date(Number(epoch) * 1000)).toISOString().slice(0, 10);
const fill = (bytes) =>
  bytes.toString().replaceAll("%PLUGIN_ID%", id).replaceAll("%VERSION%", version).replaceAll("%TODAY%", today);

const swc = {
  test: /\.tsx?$/,
  loader: "builtin:swc-loader",
  type: "javascript/auto",
  options: {
    jsc: {
      parser: { syntax: "typescript", tsx: true },
      transform: { react: { runtime: "automatic" } },
      target: "es2022",
    },
  },
};
const resolve = {
  extensions: [".ts", ".tsx", ".mjs", ".js"],
  conditionNames: ["vedette-source", "import", "module", "browser", "default"],
};
const minimizer = [new rspack.SwcJsMinimizerRspackPlugin({ extractComments: false })];

/** An AMD library: what Grafana's loader takes. The modules that Grafana shares with plugins stay outside. */
const plugin = {
  name: "plugin",
  mode: "production",
  context: join(root, "src"),
  target: ["web", "es2022"],
  entry: { module: ["./public-path.ts", "./module.tsx"] },
  devtool: "source-map",
  externals: [
    { "amd-module": "module" },
    "react",
    "react/jsx-runtime",
    "react-dom",
    "react-dom/client",
    "react-router",
    "rxjs",
    "lodash",
    "moment",
    "i18next",
    "@emotion/css",
    "@emotion/react",
    /^@grafana\/(ui|runtime|data)(\/unstable)?$/,
  ],
  externalsType: "amd",
  resolve,
  module: { rules: [swc] },
  output: {
    path: join(target, "dist"),
    filename: "[name].js",
    chunkFilename: "[name].js?_cache=[contenthash]",
    library: { type: "amd" },
    publicPath: `public/plugins/${id}/`,
    uniqueName: id,
    clean: true,
    crossOriginLoading: "anonymous",
  },
  optimization: { minimizer },
  plugins: [
    new rspack.SubresourceIntegrityPlugin({ hashFuncNames: ["sha256"] }),
    new rspack.CopyRspackPlugin({
      patterns: [
        { from: "plugin.json", transform: fill },
        { from: "img", to: "img" },
        { from: "../README.md", transform: fill },
        { from: "../CHANGELOG.md" },
        { from: "../../LICENSE", to: "LICENSE", toType: "file" },
      ],
    }),
  ],
};

const runtime = dirname(require.resolve("@grafana/runtime/package.json"));
const uiFolder = dirname(require.resolve("@grafana/ui/package.json"));
const ui = createRequire(join(uiFolder, "package.json"));

/** What stands in for Grafana around the plugin. */
const host = {
  name: "host",
  mode: "production",
  context: join(root, "host"),
  target: ["web", "es2022"],
  entry: { host: "./main.ts" },
  devtool: false,
  resolve: {
    ...resolve,
    alias: {
      // Not in the package's published entry; the very file that its entry uses, so that it is the same instance.
      "grafana-internal/PluginPage$": join(runtime, "dist/esm/components/PluginPage.mjs"),
      "grafana-icons": join(uiFolder, "dist/public/img/icons/unicons"),
      // The routers that @grafana/ui itself uses, so that its links and ours share one history.
      "react-router-dom-v5-compat$": dirname(ui.resolve("react-router-dom-v5-compat/package.json")),
      "react-router-dom-v5$": dirname(ui.resolve("react-router-dom/package.json")),
    },
  },
  module: {
    rules: [
      swc,
      { test: /\.m?js$/, resolve: { fullySpecified: false } },
      { test: /\.css$/, type: "css/auto" },
      { test: /\.svg$/, type: "asset/source" },
      { test: /systemjs/, parser: { amd: false, commonjs: false, system: false } },
    ],
  },
  output: {
    path: join(target, "out-host", "host"),
    filename: "[name].js",
    chunkFilename: "[name]-[contenthash:8].js",
    cssChunkFilename: "[name]-[contenthash:8].css",
    publicPath: "/host/",
    clean: true,
  },
  optimization: { minimizer: [...minimizer, new rspack.LightningCssMinimizerRspackPlugin()] },
  performance: { hints: false },
};

const run = (configuration) =>
  new Promise((resolvePromise, reject) => {
    const started = performance.now();
    const compiler = rspack(configuration);
    compiler.run((error, stats) => {
      const failure = error ?? (stats.hasErrors() ? new Error(stats.toString("errors-only")) : undefined);
      compiler.close(() => (failure ? reject(failure) : resolvePromise()));
      if (!failure) console.log(`${configuration.name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    });
  });

try {
  mkdirSync(join(target, "out-host"), { recursive: true });
  await run(plugin);
  await run(host);
  // Last, so that a console that is being built is never served half.
  copyStaticFiles({ folder: target, pluginId: id, publicFolder: join(uiFolder, "dist/public") });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
