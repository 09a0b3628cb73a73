// An application on express; the tests load OpenTelemetry's automatic instrumentation before or after ours.
import express from "express";
import { start } from "../express-app.mjs";

await start(express);
