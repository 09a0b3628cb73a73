#!/usr/bin/env node
// The committed shim that npm links; the program itself is built to dist/.
import { existsSync } from "node:fs";
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    `vedette needs Node 22.15 or newer; this is ${process.version}. In this repository "npx vedette" brings its own.`,
  );
  process.exit(2);
}
const built = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(built)) {
  console.error('vedette is not built yet: run "npm run build" in the repository first.');
  process.exit(2);
}
await import(built.href);
