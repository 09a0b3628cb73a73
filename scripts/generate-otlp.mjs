/**
 * Generates packages/worker/src/collector/otlp/generated from OpenTelemetry's protocol definitions.
 *
 * Run it when the protocol version changes, with the path of the jar that carries the .proto files:
 *
 *   mvn dependency:get -Dartifact=io.opentelemetry.proto:opentelemetry-proto:1.9.0-alpha -Dtransitive=false
 *   npx --no-install node scripts/generate-otlp.mjs PATH-OF-THE-JAR
 *
 * The output is committed, so that nobody needs Java or the network to build.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const output = join(root, "packages/worker/src/collector/otlp/generated");
const jar = process.argv[2];

if (jar === undefined || !existsSync(jar)) {
  console.error("Give the path of the opentelemetry-proto jar (a zip with opentelemetry/proto/**/*.proto).");
  process.exit(2);
}

const run = (command, args, cwd) => {
  const result = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (result.status !== 0) {
    console.error(`${command} ${args.join(" ")} failed${result.error ? `: ${result.error.message}` : ""}`);
    process.exit(1);
  }
};

const folder = mkdtempSync(join(tmpdir(), "vedette-otlp-"));
try {
  run("unzip", ["-q", resolve(jar), "opentelemetry/*.proto"], folder);
  // Only what is served: logs, metrics and traces; profiles are no signal of the receiver.
  rmSync(join(folder, "opentelemetry/proto/profiles"), { recursive: true, force: true });
  rmSync(join(folder, "opentelemetry/proto/collector/profiles"), { recursive: true, force: true });
  writeFileSync(join(folder, "buf.yaml"), "version: v2\n");
  writeFileSync(
    join(folder, "buf.gen.yaml"),
    [
      "version: v2",
      "clean: true",
      "plugins:",
      `  - local: ${JSON.stringify(join(root, "node_modules/.bin/protoc-gen-es"))}`,
      `    out: ${JSON.stringify(output)}`,
      "    opt: [target=js+dts, import_extension=js]",
      "",
    ].join("\n"),
  );
  run(join(root, "node_modules/.bin/buf"), ["generate"], folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
