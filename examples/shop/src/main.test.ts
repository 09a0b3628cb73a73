import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));

type Child = ChildProcessByStdio<null, Readable, Readable>;
const children: Child[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
});

function startShop(environment: Record<string, string>, instrumented: boolean): Child {
  const preload = instrumented ? ["--import", "@vedette/instrumentation/register"] : [];
  const child = spawn(process.execPath, ["--conditions=vedette-source", ...preload, "src/main.ts"], {
    cwd: folder,
    env: { ...process.env, PORT: "0", SHOP_READY_JSON: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

async function firstLine(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}

describe("the shop as a process", () => {
  it("says on one line where it is open, and closes on SIGTERM with nobody listening to its telemetry", async () => {
    const child = startShop({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }, true);
    const ready = JSON.parse(await firstLine(child.stdout)) as { ready: boolean; url: string };
    expect(ready.ready).toBe(true);
    expect((await fetch(`${ready.url}/products?q=${encodeURIComponent("' or 1=1 --")}`)).status).toBe(200);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });

  it("sends its security events by OTLP once it is instrumented", async () => {
    const bodies: string[] = [];
    const sink = createServer((request, response) => {
      let body = "";
      request
        .setEncoding("utf8")
        .on("data", (chunk: string) => (body += chunk))
        .on("end", () => {
          if (request.url === "/v1/logs") bodies.push(body);
          response.writeHead(200, { "content-type": "application/json" }).end("{}");
        });
    });
    servers.push(sink);
    await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
    const child = startShop(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_COMPRESSION: "none",
        OTEL_BLRP_SCHEDULE_DELAY: "100",
        OTEL_SERVICE_NAME: "shop",
      },
      true,
    );
    const { url } = JSON.parse(await firstLine(child.stdout)) as { url: string };
    await fetch(`${url}/login`, { method: "POST", body: new URLSearchParams({ name: "alice", password: "wrong" }) });
    await fetch(`${url}/products?q=${encodeURIComponent("' or 1=1 --")}`);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
    const sent = bodies.join("\n");
    expect(sent).toContain('"vedette.authentication"');
    expect(sent).toContain('"bad_password"');
    expect(sent).toContain('"vedette.request.suspicious"');
    // The event is told with the client's address: the request's context reaches the handler behind the body parser.
    const login = JSON.parse(bodies.find((body) => body.includes("bad_password")) ?? "{}") as {
      resourceLogs?: {
        scopeLogs: {
          logRecords: { eventName: string; attributes: { key: string; value: { stringValue?: string } }[] }[];
        }[];
      }[];
    };
    const records = (login.resourceLogs ?? []).flatMap(({ scopeLogs }) =>
      scopeLogs.flatMap(({ logRecords }) => logRecords),
    );
    const attributes = records.find(({ eventName }) => eventName === "vedette.authentication")?.attributes ?? [];
    expect(attributes.find(({ key }) => key === "client.address")?.value.stringValue).toBe("127.0.0.1");
  });

  it("says so when its port is in use, and exits with 2", async () => {
    const occupant = createServer();
    servers.push(occupant);
    await new Promise<void>((resolve) => occupant.listen(0, "127.0.0.1", resolve));
    const child = startShop({ PORT: String((occupant.address() as AddressInfo).port) }, false);
    let complaint = "";
    child.stderr.on("data", (chunk) => (complaint += String(chunk)));
    expect((await once(child, "exit"))[0]).toBe(2);
    expect(complaint).toContain("port is in use");
  });
});
