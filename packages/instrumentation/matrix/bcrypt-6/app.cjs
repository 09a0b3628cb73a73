const { security } = require("@vedette/instrumentation");
const bcrypt = require("bcrypt");
const { start } = require("../bcrypt-app.mjs");

void start(bcrypt, security);
