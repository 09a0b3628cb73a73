// A small ES module service: serves one attack and one missing page to itself, or waits for a signal.
import { createServer, get } from "node:http";
import { security } from "@vedette/instrumentation";

const server = createServer((request, response) => {
  if (request.url?.startsWith("/login")) security.authentication({ outcome: "failure", userName: "ada", method: "password", failureReason: "bad_password" });
  response.writeHead(request.url === "/missing" ? 404 : 200).end("served");
});
const visit = (path) => new Promise((resolve) => get({ host: "127.0.0.1", port: server.address().port, path, agent: false }, (response) => response.resume().on("end", resolve)));
server.listen(0, "127.0.0.1", async () => {
  await visit("/login?next=%2E%2E%2F%2E%2E%2Fetc%2Fpasswd");
  await visit("/missing");
  process.stdout.write(`defaults leaked: ${Object.keys(process.env).some((name) => name === "OTEL_BLRP_SCHEDULE_DELAY")}\n`);
  if (process.env.HANDLES_SIGTERM === "yes") process.on("SIGTERM", () => setTimeout(() => process.exit(7), 300));
  if (process.env.STAYS === "yes") process.stdout.write("ready\n");
  else server.close();
});
