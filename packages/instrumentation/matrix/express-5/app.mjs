// A small shop on express: what an application has, and what the tests ask for.
import express from "express";

const app = express();
app.get("/", (_request, response) => response.send("home"));
const server = app.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
