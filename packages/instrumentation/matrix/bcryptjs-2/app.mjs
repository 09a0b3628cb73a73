// oxlint-disable-next-line no-restricted-imports -- an application imports the package by its name.
import { security } from "@vedette/instrumentation";
import bcrypt from "bcryptjs";
import { start } from "../bcrypt-app.mjs";

await start(bcrypt, security);
