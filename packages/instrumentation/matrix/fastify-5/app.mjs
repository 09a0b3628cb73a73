import { fastify } from "fastify";
import { start } from "../fastify-app.mjs";

await start(fastify);
