import { Router } from "@koa/router";
import Koa from "koa";
import { start } from "../koa-app.mjs";

await start(Koa, Router);
