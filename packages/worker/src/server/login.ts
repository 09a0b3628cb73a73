import { SESSION_COOKIE } from "@vedette/api";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Access } from "./access.ts";
import { SERVER_ERROR_CODES } from "./error-codes.ts";
import { localPath, SESSION_LIFETIME, type Sessions } from "./sessions.ts";

/** Path of the page where people sign in. */
export const LOGIN_PATH = "/login";
/** Path that ends a browser's session. */
export const LOGOUT_PATH = "/logout";

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const page = (message: string, next: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Vedette: sign in</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 16vh auto 0; padding: 0 1.5rem; color: #d8d9da; background: #111217; }
h1 { font-size: 1.3rem; }
p[role=alert] { color: #ff9f8f; }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input { margin: .3rem 0 1rem; padding: .5rem; color: inherit; background: #181b1f; border: 1px solid #4a4d55; border-radius: 3px; }
button { padding: .5rem; color: #fff; background: #3d71d9; border: 0; border-radius: 3px; cursor: pointer; }
small { color: #9fa1a8; }
</style>
</head>
<body>
<h1>Sign in to Vedette</h1>
${message === "" ? "" : `<p role="alert">${escapeHtml(message)}</p>\n`}<form method="post" action="${LOGIN_PATH}">
<input type="hidden" name="next" value="${escapeHtml(next)}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
</form>
<p><small>Open the link that the worker printed when it started, or paste a token. The admin token is in the file <code>admin-token</code> of the worker's data folder.</small></p>
</body>
</html>
`;

/** Registers the pages that start and end a browser's session. */
export function registerLogin(
  app: FastifyInstance,
  options: { readonly sessions: Sessions; readonly access: Access; readonly secure: boolean },
): void {
  const { sessions, access, secure } = options;
  // Cookies know no ports: the narrow path keeps this one from other servers of the same machine as far as can be.
  const cookieOptions = { path: "/api/v1", httpOnly: true, sameSite: "strict", secure } as const;

  const sendPage = (reply: FastifyReply, status: number, message: string, next: string): FastifyReply =>
    reply.code(status).type("text/html; charset=utf-8").header("cache-control", "no-store").send(page(message, next));
  const signIn = (reply: FastifyReply, cookie: string, next: string): FastifyReply =>
    reply
      .setCookie(SESSION_COOKIE, cookie, { ...cookieOptions, maxAge: SESSION_LIFETIME / 1000 })
      .header("cache-control", "no-store")
      .redirect(next, 303);

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: 4096 },
      (_, body, done) => {
        done(null, Object.fromEntries(new URLSearchParams(String(body))));
      },
    );

    // Without a HEAD route: a link that is looked at before it is opened must still open.
    scope.get<{ Querystring: { key?: string; next?: string } }>(
      LOGIN_PATH,
      { exposeHeadRoute: false },
      async (request, reply) => {
        const { key, next } = request.query;
        if (typeof key !== "string")
          return sendPage(reply, 200, "", localPath(typeof next === "string" ? next : undefined));
        const session = sessions.redeem(key);
        if (session === undefined)
          return sendPage(
            reply,
            403,
            SERVER_ERROR_CODES["login-link-invalid"].summary.replace(/ \(status.*$/, "."),
            "/",
          );
        return signIn(reply, session.cookie, session.next);
      },
    );

    scope.post<{ Body: { token?: string; next?: string } | undefined }>(LOGIN_PATH, async (request, reply) => {
      const next = localPath(request.body?.next);
      const token = access.tokenOwner(request.body?.token?.trim() ?? "");
      return token === undefined
        ? sendPage(reply, 401, "This token is not valid.", next)
        : signIn(reply, sessions.start(token), next);
    });

    scope.post(LOGOUT_PATH, async (_, reply) =>
      reply.clearCookie(SESSION_COOKIE, cookieOptions).redirect(LOGIN_PATH, 303),
    );
  });
}
