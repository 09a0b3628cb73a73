const { fastify } = require("fastify");
const { start } = require("../fastify-app.mjs");

void start(fastify);
