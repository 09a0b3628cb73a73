const { security } = require("@vedette/instrumentation");
const bcrypt = require("bcryptjs");
const { start } = require("../bcrypt-app.mjs");

void start(bcrypt, security);
