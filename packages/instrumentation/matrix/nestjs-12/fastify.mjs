import * as common from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { start } from "../nestjs-app.mjs";

await start({ ...common, NestFactory }, new FastifyAdapter());
