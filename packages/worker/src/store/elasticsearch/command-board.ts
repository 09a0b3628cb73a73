import type { Cluster } from "../../elasticsearch/cluster.ts";
import { createElasticsearchDocuments } from "../../leases/elasticsearch-documents.ts";
import type { Clock } from "../../ports.ts";
import type { Command, CommandAnswer, CommandBoard } from "../../responder/remote-operations.ts";
import { storing } from "./store-failure.ts";

/** Name of the index of commands. */
export const commandsIndex = (prefix: string): string => `${prefix}-commands`;

/** Mapping of the index of commands; what they say is not indexed. */
const COMMAND_PROPERTIES = {
  "@timestamp": { type: "date" },
  waiting: { type: "boolean" },
  body: { type: "object", enabled: false },
  answer: { type: "object", enabled: false },
} as const;

interface CommandDocument {
  readonly "@timestamp": string;
  readonly waiting: boolean;
  /** JSON text: what people write must not become fields. */
  readonly body: { readonly text: string };
  readonly answer: { readonly text: string } | null;
}

const REQUEST_TIMEOUT = 10_000;

/** Commands between the workers of a cluster, one document each. */
export function createCommandBoard({
  cluster: { client },
  prefix,
  clock,
}: {
  readonly cluster: Pick<Cluster, "client">;
  readonly prefix: string;
  readonly clock: Clock;
}): CommandBoard {
  const index = commandsIndex(prefix);
  const documents = createElasticsearchDocuments<CommandDocument>({
    client,
    index,
    properties: COMMAND_PROPERTIES,
    requestTimeout: REQUEST_TIMEOUT,
  });
  const read = async (id: string) =>
    storing("Reading a command", async () => {
      const [stored] = await documents.read([id]);
      return stored;
    });

  return {
    async put(id, command) {
      const document: CommandDocument = {
        "@timestamp": new Date(clock.now()).toISOString(),
        waiting: true,
        body: { text: JSON.stringify(command) },
        answer: null,
      };
      const result = await documents.write(id, document, "absent");
      if (result.status === "unknown") await storing("Passing a command on", () => Promise.reject(result.error));
    },
    async answer(id) {
      const text = (await read(id))?.document.answer?.text;
      return text === undefined ? undefined : (JSON.parse(text) as CommandAnswer);
    },
    waiting: (limit) =>
      storing("Reading commands", async () => {
        await client.indices.refresh({ index, ignore_unavailable: true });
        const { hits } = await client.search<CommandDocument>({
          index,
          ignore_unavailable: true,
          size: limit,
          query: { term: { waiting: true } },
          sort: [{ "@timestamp": { order: "asc", unmapped_type: "date" } }],
          track_total_hits: false,
        });
        return hits.hits.flatMap(({ _id, _source }) =>
          _id === undefined || _source === undefined
            ? []
            : [{ id: _id, command: JSON.parse(_source.body.text) as Command }],
        );
      }),
    async settle(id, answer) {
      const stored = await read(id);
      if (stored === undefined || stored.document.answer !== null) return;
      const settled: CommandDocument = {
        ...stored.document,
        waiting: false,
        answer: { text: JSON.stringify(answer) },
      };
      const result = await documents.write(id, settled, stored.version);
      if (result.status === "unknown") await storing("Answering a command", () => Promise.reject(result.error));
    },
  };
}
