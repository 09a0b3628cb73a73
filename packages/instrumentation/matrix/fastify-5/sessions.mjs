import cookie from "@fastify/cookie";
import session from "@fastify/session";
import fastify from "fastify";
import { start } from "../fastify-sessions.mjs";

start(fastify, cookie, session);
