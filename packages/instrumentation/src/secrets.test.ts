import { createHash, createHmac } from "node:crypto";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EVENT, INSTRUMENTATION_METRICS } from "@vedette/semconv";
import { REGISTER, startProcess, type AppProcess } from "./testing/app-process.ts";
import { MATRIX_FOLDER } from "./testing/matrix-app.ts";
import { startOtlpReceiver, type OtlpReceiver } from "./testing/otlp-receiver.ts";
import { send, until } from "./testing/requests.ts";

/** What must not leave the process, by the place in which it is handed over. */
const PLANTS = {
  password: "Zq7-plantedpassword",
  queryPassword: "Zq7-queryplant",
  queryToken: "Zq7queryplanttoken",
  nestedToken: "Zq7nestedplant",
  queryUrlPassword: "Zq7urlplant",
  attackedPassword: "Zq7attackedplant",
  attackedHeader: "Zq7headerplant",
  attackedCookie: "Zq7cookieplant",
  attackedField: "Zq7fieldplant",
  cookie: "Zq7othercookie",
  forgedSession: "Zq7forgedsessionid",
  basic: "Zq7basicplant",
  bearer: "Zq7bearerplant-abcdefghij",
  apiKey: "Zq7apikeyplant",
  refererToken: "Zq7refererplant",
  routeToken: "Zq7-routeplant",
  pathToken: "7a71706c616e7465647061746874306b",
  matrixSession: "Zq7MATRIXPLANT",
  multipartPassword: "Zq7multipartplant",
  multipartFile: "Zq7fileplant",
  jsonNote: "Zq7notewithoutattack",
  xml: "Zq7xmlplant",
  card: "4000056655665556",
  spacedCard: "5555 5555 5555 4444",
  email: "zq7.planted@example.com",
  otherEmail: "zq7.other@example.com",
  userId: "Zq7-user-4711",
  sessionId: "Zq7-session-of-manual",
  previousSessionId: "Zq7-session-before",
  sessionSecret: "Zq7-session-secret",
  jwtKey: "Zq7-key-of-the-tokens",
  jwtClaim: "Zq7jwtclaimplant",
  databasePassword: "Zq7databaseplant",
  urlUser: "Zq7urluser",
  urlPassword: "Zq7urlpassword",
  signature: "Zq7signatureplant",
  hashKey: "Zq7-hash-key-of-the-deployment",
  guardToken: "Zq7guardtokenplant",
  resourceOfGuard: "Zq7guardurlplant",
} as const;

/** The forms in which somebody could still read it. */
const formsOf = (secret: string): readonly string[] => [
  secret,
  secret.toLowerCase(),
  encodeURIComponent(secret),
  secret.replaceAll(" ", "+"),
  Buffer.from(secret).toString("base64").replaceAll("=", ""),
  Buffer.from(secret).toString("base64url"),
  Buffer.from(secret).toString("hex"),
  createHash("sha256").update(secret).digest("hex").slice(0, 32),
  createHash("sha1").update(secret).digest("hex"),
  createHash("md5").update(secret).digest("hex"),
];

const ATTACK = "' or 1=1 -- ";
const TRAVERSAL = "../../etc/passwd";
const encodedAttack = encodeURIComponent(ATTACK);
const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const form = { "content-type": "application/x-www-form-urlencoded" };
const json = { "content-type": "application/json" };

let receiver: OtlpReceiver;
let app: AppProcess;
let cookie = "";

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  app = startProcess(
    [resolve(MATRIX_FOLDER, "passport-0.7/secrets.mjs")],
    {
      PLANTS: JSON.stringify(PLANTS),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BLRP_SCHEDULE_DELAY: "25",
      OTEL_METRIC_EXPORT_INTERVAL: "300",
      OTEL_METRIC_EXPORT_TIMEOUT: "300",
      OTEL_SERVICE_NAME: "secrets",
      VEDETTE_HASH_KEY: PLANTS.hashKey,
      VEDETTE_GUARD_URL: `http://me:${PLANTS.resourceOfGuard}@127.0.0.1:9`,
      VEDETTE_GUARD_TOKEN: PLANTS.guardToken,
      VEDETTE_TRUNCATE_ADDRESSES: "yes",
    },
    REGISTER,
  );
  let over = false;
  void app.ended.then(() => (over = true));
  await until(() => over || /^http:\S+$/m.test(app.output()));
  expect(over, app.errors()).toBe(false);
  const port = Number(new URL(app.output().trim()).port);
  const get = (path: string, headers: Record<string, string> = {}) => send(port, path, { headers });
  const post = (path: string, headers: Record<string, string>, body: string) =>
    send(port, path, { method: "POST", headers, body });

  // Queries, of which each is emitted because the request is an attack or refused.
  const credentials = `password=${PLANTS.queryPassword}&api_key=${PLANTS.queryToken}&sid=${PLANTS.queryToken}`;
  await get(
    `/search?q=${encodedAttack}&${credentials}&email=${encodeURIComponent(PLANTS.otherEmail)}&n=${PLANTS.card}`,
  );
  const nested = encodeURIComponent(`https://me:${PLANTS.queryUrlPassword}@a.example/?token=${PLANTS.nestedToken}`);
  await get(`/search?file=${TRAVERSAL}&next=${nested}&card=${PLANTS.spacedCard.replaceAll(" ", "+")}`);
  await get(`/search?password=${encodedAttack}${PLANTS.attackedPassword}`);
  await get(`/missing;jsessionid=${PLANTS.matrixSession}/x?q=${encodedAttack}`);
  await get(`/reset/${PLANTS.pathToken}`);
  await get(`/invitations/${PLANTS.routeToken}`);
  await get(`/u/${PLANTS.otherEmail}`, { "user-agent": `sqlmap/1 (${PLANTS.otherEmail})` });

  // Headers and cookies.
  const basic = Buffer.from(`me:${PLANTS.basic}`).toString("base64");
  await get("/missing", { authorization: `Basic ${basic}`, "proxy-authorization": `Basic ${basic}` });
  await get("/missing", { authorization: `Bearer ${PLANTS.bearer}`, "x-api-key": PLANTS.apiKey });
  await get("/missing", { "x-api-key": `${ATTACK}${PLANTS.attackedHeader}`, "x-note": ATTACK });
  await get("/missing", {
    cookie: `remember_token=${PLANTS.cookie}; session=${encodedAttack}${PLANTS.attackedCookie}`,
  });
  await get("/missing", { referer: `https://a.example/?token=${PLANTS.refererToken}&q=${encodedAttack}` });
  await get("/missing?ip=127.0.0.1", { "x-forwarded-for": `127.0.0.1${ATTACK}` });
  await get("/me", { cookie: `connect.sid=s%3A${PLANTS.forgedSession}.${PLANTS.forgedSession}` });

  // Bodies.
  await post("/login", form, `username=${encodeURIComponent(PLANTS.email)}&password=${PLANTS.attackedField}`);
  await post("/login", form, `username=${encodedAttack}&password=${encodedAttack}${PLANTS.attackedField}`);
  const loggedIn = await post(
    "/login",
    form,
    `username=${encodeURIComponent(PLANTS.email)}&password=${encodeURIComponent(PLANTS.password)}`,
  );
  expect(loggedIn.status).toBe(200);
  const sid = (JSON.parse(loggedIn.body) as { sid: string }).sid;
  cookie = loggedIn.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  Object.assign(PLANTS, { realSessionId: sid, realCookie: cookie.slice("connect.sid=".length) });
  for (const userAgent of ["Mozilla/5.0 (X11)", "curl/8"]) await get("/me", { cookie, "user-agent": userAgent });
  await post(
    "/login",
    json,
    JSON.stringify({
      q: ATTACK,
      note: PLANTS.jsonNote,
      password: `${ATTACK}${PLANTS.attackedField}`,
      card: PLANTS.card,
    }),
  );
  await post(
    "/missing",
    { "content-type": "application/xml" },
    `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><p>${PLANTS.xml}</p>`,
  );
  const part = (name: string, value: string, more = "") =>
    `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  await post(
    "/upload",
    { "content-type": "multipart/form-data; boundary=b" },
    `${part("q", ATTACK)}${part("password", PLANTS.multipartPassword)}${part("file", PLANTS.multipartFile, '; filename="a.txt"')}--b--\r\n`,
  );

  // Tokens, errors, and what the application says itself.
  const claims = b64({ sub: PLANTS.userId, email: PLANTS.email, note: PLANTS.jwtClaim });
  for (const path of ["/limited", "/limited"]) await get(path, { "x-api-key": PLANTS.apiKey });
  await post("/passwords", {}, "");
  const hs256 = `${b64({ alg: "HS256", typ: "JWT" })}.${claims}`;
  const tokens = [
    `${b64({ alg: "none", typ: "JWT" })}.${claims}.`,
    `${hs256}.c2lnbmF0dXJl`,
    `${hs256}.${createHmac("sha256", PLANTS.jwtKey).update(hs256).digest("base64url")}`,
  ];
  for (const path of ["/api/orders", "/api/customers"])
    for (const token of tokens) await get(path, { authorization: `Bearer ${token}` });
  expect((await get(`/fail?q=${encodedAttack}`)).status).toBe(500);
  await post("/manual", { cookie }, "");

  await until(
    () =>
      receiver.events(EVENT.agentToolCall).length > 0 &&
      receiver.points(INSTRUMENTATION_METRICS.rateLimited.name).length > 0,
  );
  app.child.kill("SIGTERM");
  await app.ended;
}, 60_000);

afterAll(async () => {
  app.child.kill("SIGKILL");
  await receiver.close();
});

describe("an application that is handed secrets everywhere", () => {
  it("tells of what happened, so that there was something to leak", () => {
    const told = new Map<string, number>();
    for (const { name } of receiver.events()) told.set(name, (told.get(name) ?? 0) + 1);
    for (const name of [
      EVENT.requestSuspicious,
      EVENT.requestRefused,
      EVENT.authentication,
      EVENT.session,
      EVENT.authorizationDenied,
      EVENT.rateLimited,
      EVENT.outboundRequest,
      EVENT.agentToolCall,
    ])
      expect(told.get(name) ?? 0, name).toBeGreaterThan(0);
    expect(told.get(EVENT.requestSuspicious)).toBeGreaterThanOrEqual(10);
    const libraries = receiver.points(INSTRUMENTATION_METRICS.passwordVerifications.name);
    expect(new Set(libraries.map(({ attributes }) => attributes["vedette.auth.algorithm"]))).toEqual(
      new Set(["argon2id", "bcrypt"]),
    );
    const reasons = receiver
      .events(EVENT.authentication)
      .map(({ attributes }) => attributes["vedette.auth.failure.reason"]);
    expect(reasons).toEqual(expect.arrayContaining(["alg_none", "bad_signature", "unknown_user", "bad_password"]));
    expect(receiver.events(EVENT.authentication).length).toBeGreaterThanOrEqual(10);
    expect(receiver.text("/v1/metrics")).toContain("vedette.requests.suspicious");
    expect(receiver.text("/v1/logs")).toContain("user.hash");
  });

  it("emits whole addresses of nobody when it is told to truncate them", () => {
    for (const { attributes } of receiver.events()) {
      if (attributes["client.address"] !== undefined) expect(attributes["client.address"]).toBe("127.0.0.0/24");
      if (attributes["network.peer.address"] !== undefined)
        expect(attributes["network.peer.address"]).toBe("127.0.0.0/24");
    }
  });

  it("emits the client's whole address in no text either", () => {
    expect(receiver.text("/v1/logs")).toContain("x-forwarded-for");
    expect(receiver.text("/v1/logs")).not.toMatch(/127\.0\.0\.1(?!\d)/);
  });

  it("lets none of them out, in no form: logs, metrics, traces, resource, standard error", () => {
    const emitted: Record<string, string> = { "standard error": app.errors() };
    for (const path of ["/v1/logs", "/v1/metrics", "/v1/traces"]) emitted[path] = receiver.text(path) ?? "";
    const leaks: string[] = [];
    for (const [place, secret] of Object.entries(PLANTS))
      for (const [where, text] of Object.entries(emitted))
        for (const form of formsOf(secret)) {
          const at = text.indexOf(form);
          if (at >= 0)
            leaks.push(`${place} in ${where}: …${text.slice(Math.max(0, at - 120), at + form.length + 20)}…`);
        }
    expect(leaks).toEqual([]);
  });
});
