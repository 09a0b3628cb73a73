import * as http from "node:http";
import { close, listen } from "./requests.ts";

/** Values of attributes, as an OTLP sender wrote them. */
export type ReceivedAttributes = Readonly<Record<string, unknown>>;

/** One security event as it came in by OTLP. */
export interface ReceivedEvent {
  readonly name: string;
  readonly severity: string;
  readonly traceId: string;
  readonly attributes: ReceivedAttributes;
  /** Attributes of the resource that sent it. */
  readonly resource: ReceivedAttributes;
}

/** One point of a metric as it came in by OTLP; sums and gauges have a number, histograms how many values they counted. */
export interface ReceivedPoint {
  readonly name: string;
  readonly attributes: ReceivedAttributes;
  readonly value: number;
}

/** An OTLP/HTTP receiver on loopback that keeps what it gets. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  /** Events so far, of one name if given. */
  events(name?: string): readonly ReceivedEvent[];
  /** The newest value of each point, of one metric if given. */
  points(name?: string): readonly ReceivedPoint[];
  /** Names of spans so far. */
  spans(): readonly string[];
  /** Bodies so far as text, by path; for what is sent in another encoding than JSON, whose strings stay readable. */
  text(path: string): string | undefined;
  close(): Promise<void>;
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
}
interface OtlpAttribute {
  readonly key: string;
  readonly value?: OtlpValue;
}
interface OtlpPoint {
  readonly attributes?: readonly OtlpAttribute[];
  readonly asInt?: number | string;
  readonly asDouble?: number;
  readonly count?: number | string;
}
interface OtlpResource {
  readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
}
interface OtlpBody {
  readonly resourceLogs?: readonly (OtlpResource & {
    readonly scopeLogs?: readonly {
      readonly logRecords?: readonly {
        readonly eventName?: string;
        readonly severityText?: string;
        readonly traceId?: string;
        readonly attributes?: readonly OtlpAttribute[];
      }[];
    }[];
  })[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics?: readonly {
      readonly metrics?: readonly ({ readonly name: string } & Readonly<
        Record<"sum" | "gauge" | "histogram", { readonly dataPoints?: readonly OtlpPoint[] } | undefined>
      >)[];
    }[];
  }[];
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly { readonly name: string }[] }[];
  }[];
}

/** Starts a receiver on a free port; senders use `OTEL_EXPORTER_OTLP_PROTOCOL=http/json` for all but `text`. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const events: ReceivedEvent[] = [];
  const points = new Map<string, ReceivedPoint>();
  const spans: string[] = [];
  const texts = new Map<string, string>();

  function take(body: OtlpBody): void {
    for (const { resource, scopeLogs } of body.resourceLogs ?? []) {
      const ofResource = attributesOf(resource?.attributes);
      for (const record of (scopeLogs ?? []).flatMap((scope) => scope.logRecords ?? [])) {
        events.push({
          name: record.eventName ?? "",
          severity: record.severityText ?? "",
          traceId: record.traceId ?? "",
          attributes: attributesOf(record.attributes),
          resource: ofResource,
        });
      }
    }
    for (const metric of (body.resourceMetrics ?? []).flatMap(({ scopeMetrics }) =>
      (scopeMetrics ?? []).flatMap(({ metrics }) => metrics ?? []),
    )) {
      for (const point of (metric.sum ?? metric.gauge ?? metric.histogram)?.dataPoints ?? []) {
        const attributes = attributesOf(point.attributes);
        const value = Number(point.asInt ?? point.asDouble ?? point.count ?? 0);
        points.set(`${metric.name} ${JSON.stringify(attributes)}`, { name: metric.name, attributes, value });
      }
    }
    for (const { scopeSpans } of body.resourceSpans ?? [])
      for (const { spans: some } of scopeSpans ?? []) spans.push(...(some ?? []).map(({ name }) => name));
  }

  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const body = Buffer.concat(chunks);
      texts.set(path, (texts.get(path) ?? "") + body.toString("latin1"));
      const isJson = request.headers["content-type"] === "application/json";
      if (isJson) take(JSON.parse(body.toString("utf8")) as OtlpBody);
      response.writeHead(200, { "content-type": isJson ? "application/json" : "application/x-protobuf" });
      response.end(isJson ? "{}" : undefined);
    });
  });
  const port = await listen(server);
  const stop = (): Promise<void> => close(server);
  return {
    url: `http://127.0.0.1:${port}`,
    events: (name) => events.filter((event) => name === undefined || event.name === name),
    points: (name) => [...points.values()].filter((point) => name === undefined || point.name === name),
    spans: () => spans,
    text: (path) => texts.get(path),
    close: stop,
    [Symbol.asyncDispose]: stop,
  };
}

function attributesOf(list: readonly OtlpAttribute[] = []): ReceivedAttributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: OtlpValue | undefined): unknown {
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(valueOf);
  if (value?.intValue !== undefined) return Number(value.intValue);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue;
}
