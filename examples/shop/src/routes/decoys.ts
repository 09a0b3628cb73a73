import { security } from "@vedette/instrumentation";
import type { FastifyInstance } from "fastify";
import { DECOY_API_KEY } from "../visitor.ts";

/** Files that nothing links to and nobody needs. Whoever asks for one is looking for something to take. */
const DECOY_FILES: Readonly<Record<string, { readonly name: string; readonly text: string }>> = {
  "/.env": { name: "decoy_env_file", text: `NODE_ENV=production\nSHOP_API_KEY=${DECOY_API_KEY}\n` },
  "/backup/accounts.sql": { name: "decoy_backup", text: "-- dump of accounts\n-- 0 rows\n" },
};

/** Honeytokens: routes that report whoever finds them. */
export function decoyRoutes(app: FastifyInstance): void {
  for (const [path, decoy] of Object.entries(DECOY_FILES)) {
    app.get(path, async (_request, reply) => {
      security.honeytoken({ name: decoy.name });
      return reply.type("text/plain").send(decoy.text);
    });
  }
}
