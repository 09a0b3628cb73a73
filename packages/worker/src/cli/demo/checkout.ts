import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How one of the examples is started with Node. */
export interface ExampleProgram {
  readonly folder: string;
  /** Node's own flags, then the program. */
  readonly arguments: readonly string[];
}

/** The examples that the demo runs: they are part of the repository, not of the published package. */
export interface Examples {
  readonly shop: ExampleProgram;
  readonly attacker: ExampleProgram;
}

/** Finds the examples beside this package; undefined outside a checkout. */
export function findExamples(): Examples | undefined {
  const root = fileURLToPath(new URL("../../../../../", import.meta.url));
  const fromSource = import.meta.url.endsWith(".ts");
  const program = (name: string, flags: readonly string[]): ExampleProgram | undefined => {
    const folder = join(root, "examples", name);
    const built = join(folder, "dist", "main.js");
    const source = join(folder, "src", "main.ts");
    const main = fromSource || !existsSync(built) ? source : built;
    if (!existsSync(main)) return undefined;
    const condition = main === source ? ["--conditions=vedette-source"] : [];
    return { folder, arguments: ["--disable-warning=ExperimentalWarning", ...condition, ...flags, main] };
  };
  const shop = program("shop", ["--import", "@vedette/instrumentation/register"]);
  const attacker = program("attacker", []);
  return shop && attacker ? { shop, attacker } : undefined;
}
