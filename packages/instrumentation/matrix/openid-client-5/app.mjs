// A shop whose people log in at an OpenID provider.
import { createServer } from "node:http";
import { Issuer } from "openid-client";

const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NONCE } = process.env;

async function main() {
  const issuer = await Issuer.discover(OIDC_ISSUER);
  const client = new issuer.Client({ client_id: OIDC_CLIENT_ID, client_secret: OIDC_CLIENT_SECRET });
  const login = async (request, url) => {
    const tokens = await client.callback(`${url.origin}/callback`, client.callbackParams(request), {
      state: "the-state",
      nonce: OIDC_NONCE,
    });
    return tokens.claims().sub;
  };
  const careless = async (request, url) =>
    (await client.callback(`${url.origin}/careless`, client.callbackParams(request), { nonce: OIDC_NONCE })).claims()
      .sub;
  const refresh = async (_request, url) => (await client.refresh(url.searchParams.get("token"))).claims().sub;
  const routes = { "/callback": login, "/careless": careless, "/refresh": refresh };

  const serve = async (request, response) => {
    const url = new URL(request.url, `http://${request.headers.host}`);
    try {
      response.end(JSON.stringify({ user: await routes[url.pathname](request, url) }));
    } catch (error) {
      const first = error.stack.split("\n").find((line) => /^ *at/.test(line));
      const own = error.stack.split("\n").some((line) => line.includes("/openid-client-5/app.mjs"));
      response.statusCode = 401;
      response.end(JSON.stringify({ name: error.name, code: error.code, cause: error.cause?.message, first, own }));
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
}

void main();
