/** A request that a web server logged. */
export interface WebRequest {
  readonly ip: string;
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  readonly version: string;
  readonly status: number;
  readonly userAgent: string;
  /** A hyphen when the line does not name it. */
  readonly host: string;
  readonly source: "access" | "error";
}

const IP = String.raw`(?<ip>[\d.]+|[0-9a-f:]*:[0-9a-f:]+)`;
/** Combined log format of Apache, nginx, LiteSpeed, BunkerWeb; a host may stand in front. */
const COMBINED = new RegExp(
  String.raw`^(?:(?<host>\S+) )?${IP} \S+ (?:\S+ )?(?:\S+ )?\[[^\]]+\] "(?<request>(?:[^"\\]|\\.)*)" (?<status>\d{3}) \S+(?: "[^"]*" "(?<agent>[^"]*)")?`,
);
const APACHE_ERROR = new RegExp(
  String.raw`^\[.*\[client ${IP}(?::\d+)?\] AH00126: Invalid URI in request (?<request>\S+ \S+(?: \S+)?)`,
);
const NGINX_ERROR = new RegExp(String.raw`\[error\].*client: ${IP},.*request: "(?<request>[^"]*)"`);
const LOAD_BALANCER = new RegExp(
  String.raw`^https? \S+ \S+ ${IP}:\d+ \S+ \S+ \S+ \S+ (?<status>\d{3}) \S+ \d+ \d+ "(?<request>[^"]*)" "(?<agent>[^"]*)"`,
);
const ZORAXY = new RegExp(
  String.raw`\[client: ${IP}\] \[useragent: (?<agent>[^\]]*)\] (?<request>\S+ \S+) (?<status>\d{3})`,
);

/** Reads the line of a web server, proxy or load balancer; undefined when it is none. */
export function webRequest(line: string): WebRequest | undefined {
  const start = line.indexOf("{");
  if (start >= 0 && (line.includes('"RequestMethod"') || line.includes('"downstream_remote_address"')))
    return fromJson(JSON.parse(line.slice(start)) as Readonly<Record<string, unknown>>);
  for (const [form, source] of [
    [COMBINED, "access"],
    [LOAD_BALANCER, "access"],
    [ZORAXY, "access"],
    [APACHE_ERROR, "error"],
    [NGINX_ERROR, "error"],
  ] as const) {
    const parts = form.exec(line)?.groups;
    if (parts === undefined) continue;
    const request = parts["request"] ?? "";
    const words = /^([A-Z]+) (.*?)(?: HTTP\/(\S+))?$/.exec(request);
    return {
      ip: parts["ip"] ?? "",
      method: words?.[1] ?? "",
      target: words?.[2] ?? request,
      version: words?.[3] ?? "",
      status: Number(parts["status"] ?? 0),
      userAgent: parts["agent"] ?? "",
      host: parts["host"] ?? "-",
      source,
    };
  }
  return undefined;
}

/** Traefik's and Envoy's access logs. */
function fromJson(line: Readonly<Record<string, unknown>>): WebRequest {
  const text = (...names: readonly string[]): string =>
    String(names.map((name) => line[name]).find((value) => value !== undefined && value !== null) ?? "");
  return {
    ip: text("ClientHost", "downstream_remote_address").replace(/:\d+$/, ""),
    method: text("RequestMethod", "method"),
    target: text("RequestPath", "x-envoy-origin-path", "path"),
    version: text("RequestProtocol", "protocol").replace("HTTP/", ""),
    status: Number(text("DownstreamStatus", "response_code")),
    userAgent: text("request_User-Agent", "user-agent"),
    host: text("RequestHost", ":authority") || "-",
    source: "access",
  };
}
