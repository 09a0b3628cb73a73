// Disables and enables the instrumentation of express while an application serves, and prints the route told each time, and what stays patched.
import { once } from "node:events";
import { createServer, get } from "node:http";
import { HttpServerSecurityInstrumentation } from "../../http-server.ts";
import { ExpressInstrumentation } from "../../servers/express.ts";
import { readSettings } from "../../settings.ts";
import { requireIn } from "../matrix-library.ts";
import { createTestTelemetry } from "../telemetry.ts";

const telemetry = createTestTelemetry();
const config = { settings: readSettings({}).settings, reporter: telemetry.reporter };
const server = new HttpServerSecurityInstrumentation(config);
const library = new ExpressInstrumentation(config);
const express = requireIn(process.argv[2])("express");
const methods = Object.hasOwn(express.Router, "use") ? express.Router : express.Router.prototype;
const patched = methods.use;

const app = express();
const router = express.Router();
router.get("/orders/:order", (_request, response) => response.status(403).end());
app.use("/tenants/:tenant", router);
const listening = createServer(app).listen(0, "127.0.0.1");
await once(listening, "listening");

async function route() {
  const { port } = listening.address();
  const [response] = await once(
    get({ host: "127.0.0.1", port, path: "/tenants/acme/orders/7", agent: false }),
    "response",
  );
  await once(response.resume(), "end");
  return telemetry.events("vedette.request.refused").at(-1)?.attributes["http.route"];
}

const routes = [await route()];
library.disable();
library.disable();
const plain = methods.use;
routes.push(await route());
library.enable();
library.enable();
routes.push(await route());
library.disable();
process.stdout.write(JSON.stringify({ routes, wasPatched: patched !== plain, isPlain: methods.use === plain }));
server.disable();
listening.close();
await telemetry.end();
