// npm run quality -- NAME [OPTIONS]: how well the project detects, measured on the labelled data beside the checkout.
import { existsSync } from "node:fs";
import { bundledNode, sharedFolder } from "./checkout.mjs";
import { runSource } from "./quality/run-source.mjs";
import { sigmaRegression } from "./quality/sigma-regression.mjs";
import { setup } from "./setup.mjs";

/** Those that make their own data. */
const needsNoData = ["exactly-once", "tail-refresh"];

/** Every measurement: its name for the command line and what runs it with the rest of the command line; it gives the exit code. */
const measurements = {
  "sigma-regression": sigmaRegression,
  // [--sample N] [--threads N] [--ungated] [--set NAME] [--progress]
  differential: (_shared, args) => runSource("packages/detection/quality/differential.ts", args),
  // [--case NAME]
  "log-scenarios": (_shared, args) => runSource("test/log-scenarios/main.ts", args),
  // [--sample N] [--every N] [--shape NAME] [--set NAME] [--write]; VEDETTE_TEST_ELASTICSEARCH names the node
  "push-down": (_shared, args) => runSource("test/push-down/main.ts", args),
  preview: (_shared, args) => runSource("test/push-down/preview.ts", args),
  // [--scenario NAME] [--seeds A..B] [--events N] [--stage findings|alerts] [--break refresh|content-hash] … (--help)
  "exactly-once": (_shared, args) => runSource("test/exactly-once/main.ts", args),
  // [--documents N] [--rounds N] [--elasticsearch URLS]
  "tail-refresh": (_shared, args) => runSource("test/exactly-once/tail-refresh.ts", args),
  // [--in-process] [--half even|odd] [--wrong SET] [--write]
  inspection: (_shared, args) => runSource("packages/instrumentation/quality/main.ts", args),
};

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(measurements, name)) {
  console.error(`Usage: npm run quality -- NAME, where NAME is one of: ${Object.keys(measurements).join(", ")}.`);
  process.exit(2);
}
const shared = sharedFolder();
if (shared === undefined && !needsNoData.includes(name)) {
  console.error(
    `npm run quality -- ${name} needs the labelled data: put the folder "shared" beside the checkout, or name it in VEDETTE_SHARED.`,
  );
  process.exit(2);
}
if (!existsSync(bundledNode)) await setup({ withBuild: false });
process.exitCode = await measurements[name](shared, rest);
