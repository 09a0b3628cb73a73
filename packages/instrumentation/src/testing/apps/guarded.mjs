// Asks itself until it is blocked, then ends by itself.
import { createServer, get } from "node:http";

let answered = 0;
let handled = 0;
const server = createServer((_request, response) => {
  handled++;
  response.end("served");
});
const visit = () => new Promise((resolve) => get({ host: "127.0.0.1", port: server.address().port, path: "/", agent: false }, (response) => response.resume().on("end", () => resolve(response.statusCode))));
server.listen(0, "127.0.0.1", async () => {
  let status = 200;
  while (status === 200) {
    status = await visit();
    if (status === 200) answered++;
  }
  process.stdout.write(`${status}\nhandled before the block only: ${handled === answered}\n`);
  server.close();
});
