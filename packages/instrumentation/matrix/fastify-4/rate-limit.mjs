import rateLimit from "@fastify/rate-limit";
import { fastify } from "fastify";
import { start } from "../fastify-app.mjs";

await start(fastify, async (app) => {
  await app.register(rateLimit, { global: false });
  app.get("/limited", { config: { rateLimit: { max: 2, timeWindow: 60_000 } } }, async () => "served");
  app.get("/busy", (_request, reply) => reply.code(429).send("later"));
});
