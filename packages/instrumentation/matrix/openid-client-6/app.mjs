// A shop whose people log in at an OpenID provider.
import { createServer } from "node:http";
import * as oidc from "openid-client";

const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NONCE } = process.env;

async function main() {
  const config = await oidc.discovery(new URL(OIDC_ISSUER), OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, undefined, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });
  const login = async (_request, url) => {
    const checks = { expectedState: "the-state", expectedNonce: OIDC_NONCE };
    return (await oidc.authorizationCodeGrant(config, url, checks)).claims().sub;
  };
  const careless = async (_request, url) =>
    (await oidc.authorizationCodeGrant(config, url, { expectedNonce: OIDC_NONCE })).claims().sub;
  const refresh = async (_request, url) =>
    (await oidc.refreshTokenGrant(config, url.searchParams.get("token"))).claims().sub;
  const routes = { "/callback": login, "/careless": careless, "/refresh": refresh };

  const serve = async (request, response) => {
    const url = new URL(request.url, `http://${request.headers.host}`);
    try {
      response.end(JSON.stringify({ user: await routes[url.pathname](request, url) }));
    } catch (error) {
      const first = error.stack.split("\n").find((line) => /^ *at/.test(line));
      const own = error.stack.split("\n").some((line) => line.includes("/openid-client-6/app.mjs"));
      response.statusCode = 401;
      response.end(JSON.stringify({ name: error.name, code: error.code, cause: error.cause?.message, first, own }));
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
}

void main();
