import express from "express";
import { rateLimit } from "express-rate-limit";
import { start } from "../express-app.mjs";

await start(express, (app) => {
  app.get("/limited", rateLimit({ windowMs: 60_000, limit: 2 }), (_request, response) => response.send("served"));
  const silent = { windowMs: 60_000, limit: 2, legacyHeaders: false, standardHeaders: false };
  app.get("/limited-silently", rateLimit(silent), (_request, response) => response.send("served"));
  app.get("/busy", (_request, response) => response.status(429).send("later"));
});
