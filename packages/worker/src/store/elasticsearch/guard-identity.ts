import {
  createGuardSigner,
  guardKeyText,
  makeGuardKey,
  parseGuardKey,
  readGuardKey,
} from "../../responder/guard-key.ts";
import type { GuardIdentity } from "../../responder/guard-identity.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { guardIndex } from "../../elasticsearch/privileges.ts";
import { createElasticsearchDocuments } from "../../leases/elasticsearch-documents.ts";
import type { VersionedDocuments } from "../../leases/lease-documents.ts";
import { StoreError } from "../../errors.ts";
import type { Ports } from "../../ports.ts";
import { storing } from "./store-failure.ts";

/** The one document in which the workers of a cluster keep how guards know them. */
interface IdentityDocument {
  readonly "@timestamp": string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  /** Number of the last snapshot that any worker has signed. */
  readonly sequence: number;
}

const ID = "identity";
/** Times that a number is asked for again because another worker was faster. */
const ATTEMPTS = 50;

/** What the identity of an installation needs. */
export interface ClusterGuardOptions {
  readonly cluster: Pick<Cluster, "client">;
  readonly prefix: string;
  /** A key that this folder holds already becomes the installation's, if it has none yet: guards that know an embedded worker go on knowing it. */
  readonly dataFolder: string;
  readonly requestTimeout: number;
  readonly ports: Pick<Ports, "clock" | "random" | "log">;
}

/**
 * The identity that all workers of an installation have towards guards, kept in the cluster in an index of its own, `<prefix>_guard`, which a role for `<prefix>-*` does not cover: who can read
 * it can sign for the workers. It is made by whoever comes first.
 *
 * Numbers are drawn by compare-and-set, each larger than any that was drawn before by any worker, and at least the time of day in milliseconds, so that they also grow when the index is put back
 * from an older copy.
 *
 * @throws StoreError `store-guard-key` when the document holds no key; one of an `ElasticsearchError` when the cluster cannot be asked
 */
export async function loadClusterGuardIdentity(options: ClusterGuardOptions): Promise<GuardIdentity> {
  const { cluster, prefix, dataFolder, requestTimeout, ports } = options;
  const { clock, random, log } = ports;
  const index = guardIndex(prefix);
  const documents: VersionedDocuments<IdentityDocument> = createElasticsearchDocuments<IdentityDocument>({
    client: cluster.client,
    index,
    properties: { "@timestamp": { type: "date" } },
    requestTimeout,
  });
  const read = async () => {
    const [stored] = await storing("Reading the guards' key", () => documents.read([ID]));
    return stored;
  };
  const inFolder = await readGuardKey(dataFolder);
  let stored = await read();
  if (stored === undefined) {
    const document: IdentityDocument = {
      "@timestamp": new Date(clock.now()).toISOString(),
      privateKey: guardKeyText(inFolder ?? makeGuardKey(random)),
      sequence: clock.now(),
    };
    const result = await documents.write(ID, document, "absent");
    if (result.status === "unknown") await storing("Keeping the guards' key", () => Promise.reject(result.error));
    stored = await read();
  }
  if (stored === undefined) throw gone(index);
  const { privateKey } = stored.document;
  const signer = createGuardSigner(
    parseGuardKey(privateKey, (wrong, cause) => damaged(`The document ${ID} in ${index} ${wrong}.`, cause)),
  );
  if (inFolder !== undefined && createGuardSigner(inFolder).key.keyId !== signer.key.keyId)
    log.warn(
      { kept: signer.key.keyId, folder: createGuardSigner(inFolder).key.keyId },
      "The guards' key in the data folder is not the installation's, which is used; guards that know only the other one refuse it.",
    );

  let known: typeof stored | undefined = stored;
  const draw = async (): Promise<number> => {
    let cause: unknown;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      known ??= await read();
      if (known === undefined) throw gone(index);
      if (known.document.privateKey !== privateKey)
        throw damaged(`The guards' key in ${index} was replaced while this worker runs.`);
      const sequence = Math.max(known.document.sequence + 1, clock.now());
      const document: IdentityDocument = { "@timestamp": new Date(clock.now()).toISOString(), privateKey, sequence };
      const result = await documents.write(ID, document, known.version);
      if (result.status === "written") {
        known = { version: result.version, document };
        return sequence;
      }
      // Another worker was faster, or nobody knows what became of it: a number that was drawn and is not used harms nothing.
      known = undefined;
      if (result.status === "unknown") cause = result.error;
    }
    throw new StoreError("elasticsearch-conflict", `No number for a snapshot could be drawn from ${index}.`, {
      retryable: true,
      cause,
    });
  };

  let line: Promise<unknown> = Promise.resolve();
  return {
    signer,
    isShared: true,
    sequence: {
      next() {
        const turn = line.then(draw);
        line = turn.catch(() => {});
        return turn;
      },
    },
  };
}

const damaged = (message: string, cause?: unknown): StoreError =>
  new StoreError("store-guard-key", message, { retryable: false, cause });
const gone = (index: string): StoreError => damaged(`The guards' key is missing from ${index}.`);
