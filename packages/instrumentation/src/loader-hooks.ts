import { createRequire, register } from "node:module";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { addHook } from "import-in-the-middle";

/** What a loaded copy of import-in-the-middle offers: its hooks see only modules that its own loader wrapped. */
interface HookRegistry {
  readonly importHooks: ((...load: ModuleLoad) => void)[];
  readonly specifiers: Map<string, unknown>;
  readonly toHook: ModuleLoad[];
}
type ModuleLoad = [
  url: string,
  namespace: Parameters<Parameters<typeof addHook>[0]>[1],
  specifier?: string | undefined,
  format?: string | undefined,
];

const PACKAGE = "import-in-the-middle";

/**
 * Registers the module hooks by which instrumentations reach ES modules, unless somebody did: in this thread where Node.js can, else in
 * its loader thread.
 *
 * Of two copies of import-in-the-middle only one gets to see a module, so the application's copy is registered where it has one, and
 * what any other copy sees is handed on to the one that our instrumentations ask. That way both theirs and ours work, whichever is
 * started first.
 */
export function registerLoaderHooks(): void {
  const ours = copyFor(import.meta.url);
  const theirs = copyFor(process.argv[1]);
  if (!areActive()) registerCopy(theirs !== undefined && canRegister(theirs) ? theirs : ours);
  if (ours === undefined) return;
  for (const copy of new Set([theirs, ...loadedCopies()])) {
    if (copy !== undefined && copy !== ours) handOn(copy, ours);
  }
}

/** True when hooks of any copy are registered: they mark the addresses of what they wrap. */
function areActive(): boolean {
  return import.meta.resolve("./version.ts").includes("iitm=true");
}

/** The folder of the copy that `@opentelemetry/instrumentation` uses when somebody at this place loads it. */
function copyFor(place: string | undefined): string | undefined {
  if (place === undefined) return undefined;
  try {
    const instrumentation = createRequire(place).resolve("@opentelemetry/instrumentation");
    return dirname(createRequire(instrumentation).resolve(PACKAGE));
  } catch {
    return undefined;
  }
}

function loadedCopies(): readonly string[] {
  const file = `${sep}${PACKAGE}${sep}index.js`;
  return Object.keys(createRequire(import.meta.url).cache)
    .filter((path) => path.endsWith(file))
    .map((path) => dirname(path));
}

function canRegister(copy: string): boolean {
  try {
    return syncHooksOf(copy).supportsSyncHooks();
  } catch {
    return false;
  }
}

interface SyncHooks {
  register(): void;
  supportsSyncHooks(): boolean;
}

function syncHooksOf(copy: string): SyncHooks {
  return createRequire(import.meta.url)(join(copy, "register-hooks.mjs")) as SyncHooks;
}

function registerCopy(copy: string | undefined): void {
  if (copy === undefined) return;
  if (canRegister(copy)) syncHooksOf(copy).register();
  else register(pathToFileURL(join(copy, "hook.mjs")));
}

const handedOn = new Set<string>();

/** Hands every module that one copy sees to the hooks of another, those that were loaded already too. */
function handOn(from: string, to: string): void {
  if (handedOn.has(from)) return;
  handedOn.add(from);
  const require = createRequire(import.meta.url);
  const source = require(join(from, "index.js")) as { addHook?: typeof addHook };
  const target = require(join(to, "lib", "register.js")) as HookRegistry;
  source.addHook?.((...load) => {
    target.specifiers.set(load[0], load[2]);
    target.toHook.push(load);
    for (const hook of target.importHooks) hook(...load);
  });
}
