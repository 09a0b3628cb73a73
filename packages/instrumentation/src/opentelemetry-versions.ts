import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A package of OpenTelemetry that is too old. */
export interface OldPackage {
  readonly name: string;
  readonly version: string;
  /** The oldest version that works. */
  readonly floor: string;
}

const FLOORS = { "@opentelemetry/api": "1.10.0", "@opentelemetry/sdk-node": "0.300.0" } as const;

/**
 * Says whether the API that this package would load is too old: names that it lacks would end the process while modules are linked, so
 * that this is asked before anything that imports it is loaded.
 */
export function oldApi(): OldPackage | undefined {
  return oldPackage("@opentelemetry/api", [import.meta.url]);
}

/** Says whether the application's SDK is too old to be started: its logs are not those of the API. */
export function oldSdk(): OldPackage | undefined {
  return oldPackage("@opentelemetry/sdk-node", [process.argv[1], import.meta.url]);
}

/** Says whether an SDK with an API that is too old is configured already; nothing that a newer API is told reaches it. */
export function oldConfiguredSdk(): OldPackage | undefined {
  const api: unknown = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  const version = typeof api === "object" && api !== null ? Reflect.get(api, "version") : undefined;
  const name = "@opentelemetry/api";
  return typeof version === "string" && isBelow(version, FLOORS[name])
    ? { name, version, floor: FLOORS[name] }
    : undefined;
}

function oldPackage(name: keyof typeof FLOORS, places: readonly (string | undefined)[]): OldPackage | undefined {
  const version = versionOf(name, places);
  return version !== undefined && isBelow(version, FLOORS[name]) ? { name, version, floor: FLOORS[name] } : undefined;
}

/** The version of a package as the first of some places finds it; its `exports` may hide its package.json. */
function versionOf(name: string, places: readonly (string | undefined)[]): string | undefined {
  for (const place of places) {
    if (place === undefined) continue;
    try {
      let folder = dirname(createRequire(place).resolve(name));
      while (dirname(folder) !== folder) {
        const file = join(folder, "package.json");
        if (existsSync(file)) {
          const found = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string };
          if (found.name === name) return found.version;
        }
        folder = dirname(folder);
      }
    } catch {
      // Not to be found from here.
    }
  }
  return undefined;
}

/** Compares the numbers of two versions; what follows a dash counts for nothing. */
function isBelow(version: string, floor: string): boolean {
  const numbers = (text: string): number[] => text.split("-", 1).join("").split(".").map(Number);
  const [one, other] = [numbers(version), numbers(floor)];
  for (const [index, number] of other.entries()) {
    const difference = (one[index] ?? 0) - number;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
