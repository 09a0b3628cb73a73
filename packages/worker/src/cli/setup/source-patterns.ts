import type { Config } from "../../config/schema.ts";

/** Indices, data streams and patterns that are read: as given, or those of the configuration. */
export function patternsOf(config: Config, given?: readonly string[]): readonly string[] {
  if (given !== undefined) return given;
  return [...new Set(config.sources.flatMap((source) => (source.type === "elasticsearch" ? source.patterns : [])))];
}
