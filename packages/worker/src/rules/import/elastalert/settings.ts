import { NotConvertible } from "./lucene.ts";

/** An ElastAlert rule as it was read. */
export type Settings = Readonly<Record<string, unknown>>;

const UNITS: Readonly<Record<string, number>> = { weeks: 604_800, days: 86_400, hours: 3_600, minutes: 60, seconds: 1 };

/** Seconds of ElastAlert's `{minutes: 5}`. */
export function seconds(value: unknown, name: string): number {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  let sum = 0;
  for (const [unit, count] of entries) {
    const factor = UNITS[unit];
    if (factor === undefined || typeof count !== "number") throw new NotConvertible(`"${name}" with "${unit}"`);
    sum += factor * count;
  }
  if (entries.length === 0 || !Number.isInteger(sum) || sum < 1)
    throw new NotConvertible(`"${name}" that is no whole number of seconds`);
  return sum;
}

/** Without `realert` ElastAlert is silent for a minute after an alert, with `aggregation` not at all. */
export function realertSeconds(settings: Settings): number {
  const { realert, aggregation } = settings;
  if (realert === undefined || realert === null) return aggregation === undefined ? 60 : 0;
  const isNone = typeof realert === "object" && Object.values(realert).every((count) => count === 0);
  return isNone ? 0 : seconds(realert, "realert");
}

/** What a rule asks for besides its type, in what it differs here. */
export function settingNotes(settings: Settings, level: string): readonly string[] {
  const { priority, is_enabled: isEnabled, timestamp_field: timeField } = settings;
  const silence = realertSeconds(settings);
  return [
    silence === 0
      ? "Without a silence ElastAlert tells of each match; here, findings of one moment are one alert."
      : `ElastAlert is silent for ${silence} s after an alert, by the clock; here, findings with smaller gaps in event time are one alert, which is updated.`,
    priority === undefined
      ? `The rule has no priority; it gets the level ${level}.`
      : `The priority ${JSON.stringify(priority)}, to which ElastAlert gives no meaning, is taken for the level ${level}.`,
    ...(isEnabled === false ? ["The rule was switched off (is_enabled: false)."] : []),
    ...(typeof timeField === "string" && timeField !== "@timestamp"
      ? [`ElastAlert took the time from ${timeField}; here it is the time of the event as its mapping reads it.`]
      : []),
    ...(settings["match_enhancements"] === undefined
      ? []
      : ["Its match_enhancements may drop matches; here nothing is dropped."]),
    ...(settings["limit_execution"] === undefined
      ? []
      : ["Its limit_execution lets ElastAlert look only at certain times; here all events are judged."]),
    ...(settings["use_count_query"] === true || settings["use_terms_query"] === true
      ? ["It counted by query, dated at the time of each query; here each event counts at its own time."]
      : []),
  ];
}
