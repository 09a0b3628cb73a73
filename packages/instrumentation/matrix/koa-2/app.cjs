const Router = require("@koa/router");
const Koa = require("koa");
const { start } = require("../koa-app.mjs");

void start(Koa, Router);
