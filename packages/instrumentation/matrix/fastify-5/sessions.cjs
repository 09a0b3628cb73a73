const cookie = require("@fastify/cookie");
const session = require("@fastify/session");
const fastify = require("fastify");
const { start } = require("../fastify-sessions.mjs");

start(fastify, cookie, session);
