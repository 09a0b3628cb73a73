import type { Config } from "./schema.ts";
import { markedPaths } from "./settings.ts";
import { replaceAt } from "./walk.ts";

/** The configuration as it may be printed: every secret is `[redacted]`. */
export const redactConfig = (config: Config): Config => {
  let printable: unknown = config;
  for (const path of markedPaths("secret")) printable = replaceAt(printable, path, () => "[redacted]");
  return printable as Config;
};
