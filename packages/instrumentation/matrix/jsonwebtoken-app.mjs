// An interface that takes signed tokens; /tokens hands out some of every kind.
import { createHmac, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

/** Starts it with a copy of jsonwebtoken. */
export function start(jwt) {
  const secret = "a secret of the application";
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const forged = `${part({ alg: "HS256" })}.${part({ sub: "ada" })}`;
  const tokens = {
    good: jwt.sign({ sub: "ada", iss: "us" }, secret, { expiresIn: "1h" }),
    expired: jwt.sign({ sub: "ada", iss: "us", exp: 1 }, secret),
    wrong_issuer: jwt.sign({ sub: "ada", iss: "them" }, secret),
    bad_signature: jwt.sign({ sub: "ada", iss: "us" }, "another secret"),
    malformed: "no token",
    alg_none: `${part({ alg: "none" })}.${part({ sub: "ada" })}.`,
    signed: jwt.sign({ sub: "ada", iss: "us" }, privateKey, { algorithm: "RS256" }),
    algorithm_confusion: `${forged}.${createHmac("sha256", publicKey).update(forged).digest("base64url")}`,
  };

  const judges = {
    "/sync": async (token) => jwt.verify(token, secret, { issuer: "us" }).sub,
    "/callback": (token) =>
      new Promise((resolve, reject) => {
        jwt.verify(token, secret, { issuer: "us" }, (error, claims) => (error ? reject(error) : resolve(claims.sub)));
      }),
    "/getter": (token) =>
      new Promise((resolve, reject) => {
        const getKey = (_header, done) => setTimeout(() => done(null, publicKey), 1);
        jwt.verify(token, getKey, (error, claims) => (error ? reject(error) : resolve(claims.sub)));
      }),
    // The second key of a rotation.
    "/rotation": async (token) => {
      try {
        return jwt.verify(token, "the key of last year").sub;
      } catch {
        return jwt.verify(token, secret).sub;
      }
    },
  };

  const serve = async (request, response) => {
    if (request.url === "/tokens") {
      response.end(JSON.stringify(tokens));
      return;
    }
    try {
      const token = request.headers.authorization?.replace(/^Bearer /, "");
      response.end(JSON.stringify({ accepted: await judges[request.url](token) }));
    } catch (error) {
      const frames = error.stack.split("\n").filter((line) => /^ *at/.test(line) && line.includes("jsonwebtoken/"));
      response.statusCode = 401;
      response.end(JSON.stringify({ name: error.name, message: error.message, frames }));
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
}
