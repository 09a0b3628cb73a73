type Json = Readonly<Record<string, unknown>>;

/** What a JSON line of a service says: who, from where. */
export interface JsonShape {
  readonly dataset: string;
  readonly action: string;
  readonly fits: (line: Json) => boolean;
  readonly ip: (line: Json) => unknown;
  readonly user?: (line: Json) => unknown;
}

const at = (line: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Json)[key] : undefined),
    line,
  );
const says = (line: Json, key: string, pattern: RegExp): boolean => pattern.test(String(line[key] ?? ""));
const parameter = (line: Json, ...keys: readonly string[]): unknown =>
  (Array.isArray(line["params"]) ? (line["params"] as readonly unknown[]) : [])
    .map((item) =>
      keys.includes(String(at(item, "key"))) ? (at(item, "value", "login") ?? at(item, "value")) : undefined,
    )
    .find((value) => value !== undefined);

/** JSON lines of services; the first shape that fits a line counts. */
export const JSON_LINES: readonly JsonShape[] = [
  {
    dataset: "authelia",
    action: "login_failed",
    fits: (line) =>
      says(line, "msg", /^(Unsuccessful \w+ authentication attempt|Error occurred getting details for user)/),
    ip: (line) => line["remote_ip"],
    user: (line) => /(?:by user|username input) '([^']*)'/.exec(String(line["msg"]))?.[1],
  },
  {
    dataset: "authentik",
    action: "login_failed",
    fits: (line) => ["login_failed", "invalid_identifier"].includes(String(line["action"])) && "client_ip" in line,
    ip: (line) => line["client_ip"],
    user: (line) => line["identifier"] ?? at(line, "context", "username"),
  },
  {
    dataset: "gitlab",
    action: "login_failed",
    fits: (line) =>
      line["method"] === "POST" &&
      (String(line["path"]).startsWith("/users/sign_in") ||
        (String(line["path"]).startsWith("/users/auth/") && line["action"] === "failure")),
    ip: (line) => line["remote_ip"] ?? line["meta.remote_ip"],
    user: (line) => parameter(line, "user", "username"),
  },
  {
    dataset: "grafana",
    action: "login_failed",
    fits: (line) =>
      line["logger"] === "context" && /invalid|not found|password-auth\.failed/i.test(String(line["error"])),
    ip: (line) => line["remote_addr"],
  },
  {
    dataset: "kasm",
    action: "login_failed",
    fits: (line) => says(line, "metric_name", /^account\.login\.failed_invalid_(user|password)$/),
    ip: (line) => String(line["request_ip"]).split(",")[0],
  },
  {
    dataset: "mongodb",
    action: "login_failed",
    fits: (line) => line["c"] === "ACCESS" && line["msg"] === "Authentication failed",
    ip: (line) => String(at(line, "attr", "remote") ?? "").replace(/:\d+$/, ""),
    user: (line) => at(line, "attr", "authenticationDatabase"),
  },
  {
    dataset: "nextcloud",
    action: "login_failed",
    fits: (line) => says(line, "message", /^Login failed: /),
    ip: (line) => line["remoteAddr"],
    user: (line) => /^Login failed: (.*) \(Remote IP/.exec(String(line["message"]))?.[1],
  },
  {
    dataset: "nextcloud",
    action: "brute_force_noticed",
    fits: (line) => says(line, "message", /^Bruteforce attempt from /),
    ip: (line) => line["remoteAddr"],
  },
  {
    dataset: "nextcloud",
    action: "domain_not_trusted",
    fits: (line) => says(line, "message", /^Trusted domain error/),
    ip: (line) => line["remoteAddr"],
  },
  {
    dataset: "ntfy",
    action: "login_failed",
    fits: (line) => says(line, "message", /^Connection closed with HTTP 40[13]/) && "visitor_ip" in line,
    ip: (line) => line["visitor_ip"],
  },
  {
    dataset: "opensearch-dashboards",
    action: "login_failed",
    fits: (line) => line["statusCode"] === 401 && String(at(line, "req", "url")).startsWith("/auth/login"),
    ip: (line) => at(line, "req", "headers", "x-forwarded-for") ?? at(line, "req", "remoteAddress"),
  },
  {
    dataset: "sftpgo",
    action: "login_failed",
    fits: (line) => line["sender"] === "connection_failed",
    ip: (line) => line["client_ip"],
    user: (line) => line["username"],
  },
  {
    dataset: "teleport",
    action: "login_failed",
    fits: (line) => (line["event"] === "user.login" || line["event"] === "auth") && line["success"] === false,
    ip: (line) => String(line["addr.remote"] ?? "").replace(/:\d+$/, ""),
    user: (line) => line["user"],
  },
  {
    dataset: "cloudtrail",
    action: "login_failed",
    fits: (line) => line["eventName"] === "ConsoleLogin" && at(line, "responseElements", "ConsoleLogin") === "Failure",
    ip: (line) => line["sourceIPAddress"],
    user: (line) => at(line, "userIdentity", "userName"),
  },
  {
    dataset: "kubernetes-audit",
    action: "pod_exec",
    fits: (line) => at(line, "objectRef", "resource") === "pods" && at(line, "objectRef", "subresource") === "exec",
    ip: (line) => (Array.isArray(line["sourceIPs"]) ? (line["sourceIPs"] as readonly unknown[])[0] : undefined),
    user: (line) => at(line, "user", "username"),
  },
];
