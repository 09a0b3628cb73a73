const express = require("express");
const session = require("express-session");
const { start } = require("../express-sessions.mjs");

start(express, session);
