import type { JsonObject, LogSource } from "@vedette/detection";
import { logSourcesOf } from "./streams.ts";

/**
 * A processing pipeline in pySigma's format that adds to each Windows rule what its log source means in the events: channels, and event ids
 * for a category. It is read off the events themselves; a log source that none of them has gets a channel that none has.
 */
export function gatingPipeline(events: readonly JsonObject[], wanted: readonly LogSource[]): string {
  const transformations = wanted.map((source, index) => {
    const channels = new Set<string>();
    const ids = new Set<string>();
    for (const event of events) {
      const fits = logSourcesOf(event).some((candidate) =>
        (["product", "category", "service"] as const).every(
          (key) => source[key] === undefined || source[key] === candidate[key],
        ),
      );
      if (!fits) continue;
      channels.add(String(event["Channel"]));
      ids.add(String(event["EventID"]));
    }
    return {
      id: `log-source-${index}`,
      type: "add_condition",
      conditions: {
        Channel: channels.size === 0 ? ["none"] : [...channels],
        ...(source.category === undefined || ids.size === 0 ? {} : { EventID: [...ids].map(Number) }),
      },
      rule_conditions: [{ type: "logsource", ...source }],
    };
  });
  // JSON is YAML.
  return JSON.stringify({ name: "windows log sources", priority: 10, transformations });
}
