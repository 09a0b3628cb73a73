import type { Indicator } from "@vedette/semconv";
import { bodyFormat } from "../src/inspect/body-fields.ts";
import { inspectBody } from "../src/inspect/inspect-body.ts";
import { inspectRequest } from "../src/inspect/inspect-request.ts";
import { readSettings } from "../src/settings.ts";
import type { LabelledRequest } from "./labelled-data.ts";

const settings = { ...readSettings({}).settings.inspection, maxMilliseconds: 1000 };

/** What the inspection sees in a request, without a server: for quick looks, held equal to the real thing by a test. */
export function indicatorsInProcess(request: LabelledRequest): ReadonlySet<Indicator> {
  const target = request.target.replace(/^https?:\/\/[^/]*/, "").replace(/#.*$/s, "");
  const mark = target.indexOf("?");
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) headers[name.toLowerCase()] = Buffer.from(value).toString("latin1");
  const { findings } = inspectRequest(
    mark < 0 ? target : target.slice(0, mark),
    mark < 0 ? undefined : target.slice(mark + 1),
    headers,
    settings,
  );
  const indicators = new Set(findings.map((finding) => finding.indicator));
  const format = bodyFormat(headers["content-type"] ?? "");
  if (request.body !== "" && format !== undefined) {
    const { findings: inBody } = inspectBody(request.body, format.format, format.boundary, true, settings);
    for (const { indicator } of inBody) indicators.add(indicator);
  }
  return indicators;
}
