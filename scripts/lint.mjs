// npm run lint: linter with types, formatter (check), unused code and dependencies, package metadata. `--fix` mends what can be mended.
import { spawnSync } from "node:child_process";
import { bundledNode, environment, requireSetup, root } from "./checkout.mjs";
import { join } from "node:path";

requireSetup("npm run lint");
const fix = process.argv.includes("--fix");
const modules = join(root, "node_modules");

/** Packages that are published, so that their metadata matters. */
const published = ["semconv", "api", "detection", "instrumentation", "worker"];

const steps = [
  ["oxlint", [join(modules, "oxlint/bin/oxlint"), "--type-aware", "--quiet", ...(fix ? ["--fix"] : [])]],
  ["oxfmt", [join(modules, "oxfmt/bin/oxfmt"), ...(fix ? [] : ["--check"]), "."]],
  ["knip", [join(modules, "knip/bin/knip.js"), "--no-progress"]],
  ...published.flatMap((name) => [
    [`publint ${name}`, [join(modules, "publint/src/cli.js"), "run", join("packages", name), "--strict"]],
    [
      `types of ${name}`,
      [
        join(modules, "@arethetypeswrong/cli/dist/index.js"),
        "--pack",
        join("packages", name),
        "--profile",
        "esm-only",
        "--quiet",
      ],
    ],
  ]),
];

let failures = 0;
for (const [title, args] of steps) {
  const { status, stdout, stderr } = spawnSync(bundledNode, args, { cwd: root, env: environment(), encoding: "utf8" });
  if (status === 0) {
    console.log(`ok      ${title}`);
    continue;
  }
  failures += 1;
  console.log(`FAILED  ${title}\n${stdout}${stderr}`);
}
console.log(failures === 0 ? "lint: clean" : `lint: ${failures} of ${steps.length} checks failed`);
process.exitCode = failures === 0 ? 0 : 1;
