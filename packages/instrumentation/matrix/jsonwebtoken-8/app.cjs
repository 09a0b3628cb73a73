const jwt = require("jsonwebtoken");
const { start } = require("../jsonwebtoken-app.mjs");

start(jwt);
