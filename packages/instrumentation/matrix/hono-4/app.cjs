const { serve } = require("@hono/node-server");
const { Hono } = require("hono");
const { start } = require("../hono-app.mjs");

start(Hono, serve);
