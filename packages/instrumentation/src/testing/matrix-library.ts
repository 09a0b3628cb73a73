import { createRequire } from "node:module";
import { resolve } from "node:path";
import { MATRIX_FOLDER } from "./matrix-app.ts";

/** The `require` of an application in a folder of the matrix. */
export function requireIn(folder: string): NodeJS.Require {
  return createRequire(resolve(MATRIX_FOLDER, folder, "package.json"));
}
