import * as jose from "jose";
import { start } from "../jose-app.mjs";

await start(jose);
