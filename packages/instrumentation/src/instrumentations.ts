import type { Instrumentation } from "@opentelemetry/instrumentation";
import { Argon2Instrumentation, ARGON2_VERSIONS } from "./authentication/argon2.ts";
import { BcryptInstrumentation, BCRYPT_VERSIONS } from "./authentication/bcrypt.ts";
import { BcryptjsInstrumentation, BCRYPTJS_VERSIONS } from "./authentication/bcryptjs.ts";
import { JoseInstrumentation, JOSE_VERSIONS } from "./authentication/jose.ts";
import { JsonwebtokenInstrumentation, JSONWEBTOKEN_VERSIONS } from "./authentication/jsonwebtoken.ts";
import { OpenidClientInstrumentation, OPENID_CLIENT_VERSIONS } from "./authentication/openid-client.ts";
import { PassportInstrumentation, PASSPORT_VERSIONS } from "./authentication/passport.ts";
import { ScryptInstrumentation } from "./authentication/scrypt.ts";
import type { LibraryInstrumentationConfig } from "./library-instrumentation.ts";
import { ExpressSessionInstrumentation, EXPRESS_SESSION_VERSIONS } from "./sessions/express-session.ts";
import { FastifySessionInstrumentation, FASTIFY_SESSION_VERSIONS } from "./sessions/fastify-session.ts";
import { EXPRESS_VERSIONS, ExpressInstrumentation } from "./servers/express.ts";
import { FASTIFY_VERSIONS, FastifyInstrumentation } from "./servers/fastify.ts";
import { HONO_VERSIONS, HonoInstrumentation } from "./servers/hono.ts";
import { KOA_VERSIONS, KoaInstrumentation } from "./servers/koa.ts";

/** An instrumentation of one library, and what it is known to work with. */
export interface InstrumentedLibrary {
  /** Name of the package, and of the switch in `VEDETTE_DISABLED_INSTRUMENTATIONS`. */
  readonly library: string;
  /** Semantic version range, as `supportedVersions` of the instrumentation has it. */
  readonly versions: string;
  /** Folders of `matrix/` that hold the first and the last supported major version. */
  readonly triedOn: readonly string[];
  readonly create: (config: LibraryInstrumentationConfig) => Instrumentation;
}

/** Every library instrumentation that a start turns on; the tests run each of them on the versions named here, and the README's table is written from it. */
export const INSTRUMENTED_LIBRARIES: readonly InstrumentedLibrary[] = [
  {
    library: "express",
    versions: EXPRESS_VERSIONS,
    triedOn: ["express-4", "express-5"],
    create: (config) => new ExpressInstrumentation(config),
  },
  {
    library: "fastify",
    versions: FASTIFY_VERSIONS,
    triedOn: ["fastify-4", "fastify-5"],
    create: (config) => new FastifyInstrumentation(config),
  },
  {
    library: "koa",
    versions: KOA_VERSIONS,
    triedOn: ["koa-2", "koa-3"],
    create: (config) => new KoaInstrumentation(config),
  },
  {
    library: "hono",
    versions: HONO_VERSIONS,
    triedOn: ["hono-4", "hono-4-server-2"],
    create: (config) => new HonoInstrumentation(config),
  },
  {
    library: "jsonwebtoken",
    versions: JSONWEBTOKEN_VERSIONS,
    triedOn: ["jsonwebtoken-8", "jsonwebtoken-9"],
    create: (config) => new JsonwebtokenInstrumentation(config),
  },
  {
    library: "jose",
    versions: JOSE_VERSIONS,
    triedOn: ["jose-4", "jose-5", "jose-6"],
    create: (config) => new JoseInstrumentation(config),
  },
  {
    library: "passport",
    versions: PASSPORT_VERSIONS,
    triedOn: ["passport-0.7"],
    create: (config) => new PassportInstrumentation(config),
  },
  {
    library: "openid-client",
    versions: OPENID_CLIENT_VERSIONS,
    triedOn: ["openid-client-5", "openid-client-6"],
    create: (config) => new OpenidClientInstrumentation(config),
  },
  {
    library: "bcrypt",
    versions: BCRYPT_VERSIONS,
    triedOn: ["bcrypt-6"],
    create: (config) => new BcryptInstrumentation(config),
  },
  {
    library: "bcryptjs",
    versions: BCRYPTJS_VERSIONS,
    triedOn: ["bcryptjs-2", "bcryptjs-3"],
    create: (config) => new BcryptjsInstrumentation(config),
  },
  {
    library: "argon2",
    versions: ARGON2_VERSIONS,
    triedOn: ["argon2-0.45"],
    create: (config) => new Argon2Instrumentation(config),
  },
  {
    // A part of node:crypto: comes with Node.js.
    library: "scrypt",
    versions: "*",
    triedOn: [],
    create: (config) => new ScryptInstrumentation(config),
  },
  {
    library: "express-session",
    versions: EXPRESS_SESSION_VERSIONS,
    triedOn: ["express-4", "express-5"],
    create: (config) => new ExpressSessionInstrumentation(config),
  },
  {
    library: "@fastify/session",
    versions: FASTIFY_SESSION_VERSIONS,
    triedOn: ["fastify-4", "fastify-5"],
    create: (config) => new FastifySessionInstrumentation(config),
  },
];

/** A library that needs no instrumentation of its own, and through what it is seen. */
export interface CoveredLibrary extends Omit<InstrumentedLibrary, "create"> {
  readonly through: string;
}

/** Libraries that are seen through others or through what they answer; tried and listed like the instrumented ones. */
export const COVERED_LIBRARIES: readonly CoveredLibrary[] = [
  {
    library: "@nestjs/core",
    versions: ">=10.0.0 <13",
    triedOn: ["nestjs-10", "nestjs-12"],
    through: "express or fastify",
  },
  {
    library: "@koa/router",
    versions: ">=12.0.0 <16",
    triedOn: ["koa-2", "koa-3"],
    through: "koa",
  },
  {
    library: "@hono/node-server",
    versions: ">=1.0.0 <3",
    triedOn: ["hono-4", "hono-4-server-2"],
    through: "node:http",
  },
  {
    library: "express-rate-limit",
    versions: ">=7.0.0 <9",
    triedOn: ["express-4", "express-5"],
    through: "its count on the request, and its answers",
  },
  {
    library: "@fastify/rate-limit",
    versions: ">=9.0.0 <12",
    triedOn: ["fastify-4", "fastify-5"],
    through: "its answers",
  },
];
