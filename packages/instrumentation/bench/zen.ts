import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const VERSION = "1.8";

/**
 * Installs the peer into a cache outside of the repository, once: it is under the AGPL, and is run here only to be measured.
 *
 * @returns A file of the folder to require it from, or why it is not there.
 */
export function zenPeer(): { readonly file: string } | { readonly reason: string } {
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "vedette", `zen-${VERSION}`);
  const file = join(folder, "index.js");
  if (existsSync(join(folder, "node_modules/@aikidosec/firewall/package.json"))) return { file };
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync(
    "npm",
    [
      "install",
      "--prefix",
      folder,
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      `@aikidosec/firewall@${VERSION}`,
    ],
    { encoding: "utf8", timeout: 180_000 },
  );
  if (status === 0) return { file };
  return { reason: (stderr ?? "").trim().split("\n").at(-1) ?? "npm could not be run" };
}
