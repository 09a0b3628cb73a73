import express from "express";
import session from "express-session";
import { start } from "../express-sessions.mjs";

start(express, session);
