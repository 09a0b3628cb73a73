import * as common from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { start } from "../nestjs-app.mjs";

await start({ ...common, NestFactory });
