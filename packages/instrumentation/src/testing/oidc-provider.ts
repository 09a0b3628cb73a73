import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import * as http from "node:http";
import { close, listen } from "./requests.ts";

/** An OpenID provider on loopback that answers each code with the tokens that the code names. */
export interface OidcProvider extends AsyncDisposable {
  readonly issuer: string;
}

export const OIDC_CLIENT = { id: "the-shop", secret: "a secret of the shop at the provider" } as const;
/** What a login expects to come back. */
export const OIDC_NONCE = "the nonce of this login";

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Starts a provider with keys of its own. */
export async function startOidcProvider(): Promise<OidcProvider> {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const others = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicPem = keys.publicKey.export({ type: "spki", format: "pem" });
  let issuer = "";

  const signed = (claims: object, key: KeyObject = keys.privateKey, kid = "1"): string => {
    const text = `${part({ alg: "RS256", kid })}.${part(claims)}`;
    return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
  };
  const now = (): number => Math.floor(Date.now() / 1000);
  const claims = (more: object = {}): object => ({
    iss: issuer,
    aud: OIDC_CLIENT.id,
    sub: "ada",
    nonce: OIDC_NONCE,
    iat: now(),
    exp: now() + 300,
    ...more,
  });
  const hmac = (): string => {
    const text = `${part({ alg: "HS256" })}.${part(claims())}`;
    return `${text}.${createHmac("sha256", publicPem).update(text).digest("base64url")}`;
  };
  /** ID tokens by the code that they are given for. */
  const idTokens: Readonly<Record<string, () => string>> = {
    good: () => signed(claims()),
    wrong_nonce: () => signed(claims({ nonce: "another" })),
    wrong_issuer: () => signed(claims({ iss: "https://another.example" })),
    wrong_audience: () => signed(claims({ aud: "another-shop" })),
    expired: () => signed(claims({ exp: now() - 3_600 })),
    not_yet_valid: () => signed(claims({ nbf: now() + 3_600 })),
    missing_claim: () => signed(claims({ sub: undefined })),
    bad_signature: () => signed(claims(), others.privateKey),
    unknown_key: () => signed(claims(), others.privateKey, "2"),
    alg_none: () => `${part({ alg: "none" })}.${part(claims())}.`,
    algorithm_confusion: hmac,
    malformed: () => "no token",
  };

  const server = http.createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    const path = request.url?.split("?")[0];
    if (path === "/.well-known/openid-configuration") {
      response.end(
        JSON.stringify({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        }),
      );
    } else if (path === "/jwks") {
      response.end(
        JSON.stringify({ keys: [{ ...keys.publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256", use: "sig" }] }),
      );
    } else if (path === "/token") {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const form = new URLSearchParams(body);
        const idToken = idTokens[form.get("code") ?? form.get("refresh_token") ?? ""];
        if (idToken === undefined) response.statusCode = 400;
        response.end(
          JSON.stringify(
            idToken === undefined
              ? { error: "invalid_grant", error_description: "the code is unknown" }
              : { access_token: "an-access-token", token_type: "Bearer", expires_in: 300, id_token: idToken() },
          ),
        );
      });
    } else response.writeHead(404).end("{}");
  });
  issuer = `http://127.0.0.1:${await listen(server)}`;
  return { issuer, [Symbol.asyncDispose]: () => close(server) };
}
