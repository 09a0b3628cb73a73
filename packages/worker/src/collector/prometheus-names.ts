/** Names of units as Prometheus writes them (OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"). */
const UNITS: Readonly<Record<string, string>> = {
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  kBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "%": "percent",
};

const PER: Readonly<Record<string, string>> = { s: "second", min: "minute", h: "hour", d: "day", m: "meter" };

const clean = (text: string): string =>
  text
    .replaceAll(/[^a-zA-Z0-9:_]/g, "_")
    .replaceAll(/_{2,}/g, "_")
    .replaceAll(/^_|_$/g, "");

const unitSuffix = (unit: string, isGauge: boolean): string => {
  const plain = unit.replaceAll(/\{[^}]*\}/g, "");
  if (plain === "1") return isGauge ? "ratio" : "";
  const [of = "", per] = plain.split("/", 2);
  const numerator = Object.hasOwn(UNITS, of) ? UNITS[of] : of;
  const denominator = per === undefined ? undefined : Object.hasOwn(PER, per) ? PER[per] : per;
  return clean(
    [numerator, denominator === undefined || denominator === "" ? "" : `per_${denominator}`].filter(Boolean).join("_"),
  );
};

/** Kind of a metric in Prometheus' text format. */
export type PrometheusType = "counter" | "gauge" | "histogram" | "summary";

/** The Prometheus name of an OpenTelemetry metric: dots to underscores, the unit as suffix, `_total` on counters. */
export const prometheusName = (name: string, unit: string, type: PrometheusType): string => {
  let result = clean(name);
  if (type === "counter") result = result.replace(/_total$/, "");
  const suffix = unitSuffix(unit, type === "gauge");
  if (suffix !== "" && result !== suffix && !result.endsWith(`_${suffix}`)) result = `${result}_${suffix}`;
  if (type === "counter") result += "_total";
  if (result === "") result = "_";
  return /^[0-9]/.test(result) ? `_${result}` : result;
};

/** The Prometheus name of an attribute. */
export const labelName = (name: string): string => {
  const cleaned = name.replaceAll(/[^a-zA-Z0-9_]/g, "_").replaceAll(/_{2,}/g, "_");
  return cleaned === "" ? "_" : /^[0-9]/.test(cleaned) ? `key_${cleaned}` : cleaned;
};

/** A text inside the quotes of a label. */
export const labelText = (text: string): string =>
  text.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** A number in Prometheus' text format. */
export const sampleValue = (value: number): string =>
  Number.isNaN(value) ? "NaN" : value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
