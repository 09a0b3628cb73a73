import express from "express";
import { start } from "../express-app.mjs";

await start(express);
