import jwt from "jsonwebtoken";
import { start } from "../jsonwebtoken-app.mjs";

start(jwt);
