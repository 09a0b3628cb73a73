const express = require("express");
const { start } = require("../express-app.mjs");

void start(express);
