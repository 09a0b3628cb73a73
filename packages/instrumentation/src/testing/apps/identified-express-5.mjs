// Express 5 with a middleware that tells who sends a request, once heeding the guard's answer and once not; asks itself and prints what came.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { HttpServerSecurityInstrumentation } from "../../http-server.ts";
import { createReporter } from "../../reporter.ts";
import { createSecurity } from "../../security.ts";
import { readSettings } from "../../settings.ts";
import { createTestGuard } from "../request-guard.ts";

const express = createRequire(new URL("../../../matrix/express-5/package.json", import.meta.url))("express");
const reporter = createReporter();
const security = createSecurity(reporter);
const guard = createTestGuard(reporter);
const instrumentation = new HttpServerSecurityInstrumentation({
  settings: readSettings({ VEDETTE_INSPECTION: "false" }).settings,
  reporter,
  guard: guard.requests,
});
guard.decisions.replace([
  {
    id: "1",
    action: "block",
    targets: [{ kind: "user.hash", value: guard.pseudonyms.of("ada") }],
    expiresAt: Date.now() + 60_000,
    reason: "test",
  },
]);
const results = {};
for (const heeds of [true, false]) {
  let handled = 0;
  const app = express();
  app.use((request, _response, next) => {
    const answered = security.identify({ userId: request.headers["x-user"] });
    if (!heeds || !answered) next();
  });
  app.get("/", (_request, response) => {
    handled++;
    response.send("served");
  });
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const answers = [];
  for (const user of ["ada", "bob"]) {
    const { status } = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { "x-user": user } });
    answers.push(status);
  }
  results[heeds ? "heeds" : "does not look"] = { answers, handled };
  server.closeAllConnections();
  server.close();
}
process.stdout.write(JSON.stringify(results));
instrumentation.disable();
