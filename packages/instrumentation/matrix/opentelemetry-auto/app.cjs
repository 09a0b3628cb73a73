// An application on express; the tests load OpenTelemetry's automatic instrumentation before or after ours.
const express = require("express");
const { start } = require("../express-app.mjs");

void start(express);
