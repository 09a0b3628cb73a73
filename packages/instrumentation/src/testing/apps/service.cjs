// The same in CommonJS.
const { once } = require("events");
const { createServer, get } = require("http");
const { security } = require("@vedette/instrumentation");

async function main() {
  const server = createServer((request, response) => {
    if (request.url.startsWith("/login")) {
      security.authentication({
        outcome: "failure",
        userName: "ada",
        method: "password",
        failureReason: "bad_password",
      });
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
  server.close();
}

void main();
