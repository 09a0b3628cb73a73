const jose = require("jose");
const { start } = require("../jose-app.mjs");

void start(jose);
