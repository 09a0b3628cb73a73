// An interface that takes signed and encrypted tokens; /tokens hands out some of every kind.
import { createServer } from "node:http";

/** Starts it with a copy of jose. */
export async function start(jose) {
  const ours = await jose.generateKeyPair("RS256", { extractable: true });
  const theirs = await jose.generateKeyPair("RS256", { extractable: true });
  const publicPem = await jose.exportSPKI(ours.publicKey);
  const keys = jose.createLocalJWKSet({
    keys: [{ ...(await jose.exportJWK(ours.publicKey)), kid: "1", alg: "RS256" }],
  });
  const secret = new TextEncoder().encode("thirty-two bytes of a secret key");
  const rules = { issuer: "us", audience: "shop" };

  const token = (claims = {}, key = ours.privateKey, header = { alg: "RS256", kid: "1" }) =>
    new jose.SignJWT({ iss: "us", aud: "shop", sub: "ada", ...claims }).setProtectedHeader(header).sign(key);
  const encrypted = (key) =>
    new jose.EncryptJWT({ iss: "us", aud: "shop", sub: "ada" })
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
      .encrypt(key);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const tokens = {
    good: await token(),
    expired: await token({ exp: 1 }),
    not_yet_valid: await token({ nbf: 99_999_999_999 }),
    wrong_issuer: await token({ iss: "them" }),
    wrong_audience: await token({ aud: "bank" }),
    missing_claim: await token({ aud: undefined }),
    invalid_claim: await token({ exp: "soon" }),
    bad_signature: await token({}, theirs.privateKey),
    unknown_key: await token({}, ours.privateKey, { alg: "RS256", kid: "2" }),
    alg_none: `${part({ alg: "none" })}.${part({ sub: "ada" })}.`,
    algorithm_confusion: await token({}, new TextEncoder().encode(publicPem), { alg: "HS256" }),
    malformed: "no token",
    encrypted: await encrypted(secret),
    decryption_failed: await encrypted(new TextEncoder().encode("another key of thirty-two bytes.")),
  };

  const judges = {
    "/verify": async (text) => (await jose.jwtVerify(text, ours.publicKey, rules)).payload.sub,
    "/keys": async (text) => (await jose.jwtVerify(text, keys, rules)).payload.sub,
    "/listed": async (text) =>
      (await jose.jwtVerify(text, ours.publicKey, { ...rules, algorithms: ["RS256"] })).payload.sub,
    "/compact": async (text) => (await jose.compactVerify(text, ours.publicKey)).protectedHeader.alg,
    "/general": async (text) => {
      const [protectedHeader, payload, signature] = text.split(".");
      const signatures = [
        { protected: protectedHeader, signature: "AA" },
        { protected: protectedHeader, signature },
      ];
      return (await jose.generalVerify({ payload, signatures }, ours.publicKey)).protectedHeader.alg;
    },
    "/decrypt": async (text) => (await jose.jwtDecrypt(text, secret, rules)).payload.sub,
    "/careless": async (text) => (await jose.jwtVerify(text, new TextEncoder().encode(publicPem))).payload.sub,
    "/throwing-options": async (text) => {
      const options = {
        get issuer() {
          throw new RangeError("of the application");
        },
      };
      return (await jose.jwtVerify(text, ours.publicKey, options)).payload.sub;
    },
  };

  // Before anybody asks: what one judge asks of others is one judgement.
  for (const path of ["/verify", "/general"]) await judges[path](tokens.bad_signature).catch(() => undefined);

  const serve = async (request, response) => {
    const path = request.url ?? "/";
    if (path === "/tokens") {
      response.end(JSON.stringify(tokens));
      return;
    }
    const given = request.headers.authorization?.replace(/^Bearer /, "");
    try {
      response.end(JSON.stringify({ accepted: await judges[path](given) }));
    } catch (error) {
      const frames = error.stack.split("\n").filter((line) => /^ *at/.test(line) && line.includes("jose/"));
      const own = error.stack.split("\n").some((line) => line.includes("/jose-app.mjs"));
      response.statusCode = 401;
      response.end(JSON.stringify({ name: error.name, code: error.code, message: error.message, frames, own }));
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
}
