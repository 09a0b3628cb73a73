// The same in CommonJS.
const { createServer, get } = require("http");
const { security } = require("@vedette/instrumentation");

const server = createServer((request, response) => {
  if (request.url.startsWith("/login")) security.authentication({ outcome: "failure", userName: "ada", method: "password", failureReason: "bad_password" });
  response.writeHead(request.url === "/missing" ? 404 : 200).end("served");
});
const visit = (path) => new Promise((resolve) => get({ host: "127.0.0.1", port: server.address().port, path, agent: false }, (response) => response.resume().on("end", resolve)));
server.listen(0, "127.0.0.1", async () => {
  await visit("/login?next=%2E%2E%2F%2E%2E%2Fetc%2Fpasswd");
  await visit("/missing");
  server.close();
});
