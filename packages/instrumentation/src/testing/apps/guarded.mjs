// Asks itself until it is blocked, then ends by itself.
import { once } from "node:events";
import { createServer, get } from "node:http";

let answered = 0;
let handled = 0;
const server = createServer((_request, response) => {
  handled++;
  response.end("served");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
let status = 200;
while (status === 200) {
  const [response] = await once(
    get({ host: "127.0.0.1", port: server.address().port, path: "/", agent: false }),
    "response",
  );
  await once(response.resume(), "end");
  status = response.statusCode;
  if (status === 200) answered++;
}
process.stdout.write(`${status}\nhandled before the block only: ${handled === answered}\n`);
server.close();
