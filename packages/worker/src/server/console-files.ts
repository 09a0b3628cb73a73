import { createReadStream, type Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { RequestProblem } from "./problem.ts";

/** MIME types of what a bundler writes. */
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/** A name with a content hash in it, such as `main.1f2e3d4c.js`: its content never changes. */
const HASHED = /[.-][0-9a-f]{8,}\.\w+$/;

const BEING_BUILT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="3">
<title>Vedette: the console is being built</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem; color: #d8d9da; background: #111217; }
h1 { font-size: 1.3rem; }
code { color: #8ab8ff; }
</style>
</head>
<body>
<h1>The console is being built</h1>
<p>The worker is running. Its console is being installed and built beside it, which happens once; this page opens it when it is there.</p>
<p>Until then: <code>vedette alerts list</code>, <code>vedette incidents list</code>, or the API under <code>/api/v1</code>.</p>
</body>
</html>
`;

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

/** The file at a path below the folder, wherever links may lead; undefined when there is none inside it. */
async function findFile(folder: string, path: string): Promise<Found | undefined> {
  try {
    const root = await realpath(folder);
    const real = await realpath(join(root, path));
    if (!real.startsWith(root + sep)) return undefined;
    const stats = await stat(real);
    return stats.isFile() ? { path: real, stats } : undefined;
  } catch {
    return undefined;
  }
}

/** The path below the folder that a request asks for, or undefined when it is none that can be. */
function filePath(request: FastifyRequest): string | undefined {
  const [path = "/"] = request.url.split("?");
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (decoded.includes("\0") || decoded.includes("\\")) return undefined;
  const normal = normalize(decoded);
  // Hidden files and anything that climbs.
  return normal.split("/").some((part) => part.startsWith(".")) ? undefined : normal;
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: Found): FastifyReply {
  const etag = `"${file.stats.size.toString(36)}-${Math.trunc(file.stats.mtimeMs).toString(36)}"`;
  void reply
    .type(TYPES[extname(file.path).toLowerCase()] ?? "application/octet-stream")
    .header("etag", etag)
    .header("cache-control", HASHED.test(file.path) ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  void reply.header("content-length", file.stats.size);
  return reply.send(createReadStream(file.path));
}

/**
 * Answers a request for a file of the console. The console routes in the browser: a page that is no file is `index.html`.
 *
 * @param folder Where the built console is; undefined, or a folder without `index.html`, while it is being built.
 * @throws RequestProblem `not-found`
 */
export async function serveConsole(
  folder: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const path = filePath(request);
  const isPage = extname(path ?? "") === "" || extname(path ?? "") === ".html";
  if (path !== undefined && folder !== undefined) {
    const file = path.endsWith("/") ? undefined : await findFile(folder, path);
    const page = file ?? (isPage ? await findFile(folder, "index.html") : undefined);
    if (page !== undefined) return sendFile(request, reply, page);
  }
  if (path === undefined || !isPage) throw new RequestProblem("not-found", "The console has no such file.");
  return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(BEING_BUILT);
}
