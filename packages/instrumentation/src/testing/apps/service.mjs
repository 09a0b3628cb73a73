// A small ES module service: serves one attack and one missing page to itself, or waits for a signal.
import { once } from "node:events";
import { createServer, get } from "node:http";
// oxlint-disable-next-line no-restricted-imports -- an application imports the package by its name.
import { security } from "@vedette/instrumentation";

const server = createServer((request, response) => {
  if (request.url?.startsWith("/login")) {
    security.authentication({ outcome: "failure", userName: "ada", method: "password", failureReason: "bad_password" });
  }
  response.writeHead(request.url === "/missing" ? 404 : 200).end("served");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
for (const path of ["/login?next=%2E%2E%2F%2E%2E%2Fetc%2Fpasswd", "/missing"]) {
  const [response] = await once(
    get({ host: "127.0.0.1", port: server.address().port, path, agent: false }),
    "response",
  );
  await once(response.resume(), "end");
}
process.stdout.write(`defaults leaked: ${Object.keys(process.env).includes("OTEL_BLRP_SCHEDULE_DELAY")}\n`);
if (process.env.HANDLES_SIGTERM === "yes") process.on("SIGTERM", () => setTimeout(() => process.exit(7), 300));
if (process.env.STAYS === "yes") process.stdout.write("ready\n");
else server.close();
