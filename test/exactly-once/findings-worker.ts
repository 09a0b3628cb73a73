import { parseArgs } from "node:util";
import { setTimeout as wait } from "node:timers/promises";
import { createDetector, DEFAULT_MAPPINGS, loadRules } from "../../packages/detection/src/index.ts";
import { createTailing } from "../../packages/worker/src/collector/elasticsearch/tailing.ts";
import { FINDING_HASH_FIELD } from "../../packages/worker/src/detector/stage-one/fact-document.ts";
import {
  RULE_SET_PROPERTIES,
  type RuleSetDocument,
  ruleSetsIndex,
} from "../../packages/worker/src/detector/stage-one/rule-set.ts";
import { createStageOne } from "../../packages/worker/src/detector/stage-one/stage-one.ts";
import { createBulkWriter } from "../../packages/worker/src/elasticsearch/bulk-writer.ts";
import type { Cluster } from "../../packages/worker/src/elasticsearch/cluster.ts";
import { connectCluster } from "../../packages/worker/src/elasticsearch/connect.ts";
import { createOnce } from "../../packages/worker/src/elasticsearch/create-once.ts";
import { createElasticsearchDocuments } from "../../packages/worker/src/leases/elasticsearch-documents.ts";
import { createElasticsearchLeases } from "../../packages/worker/src/leases/elasticsearch-leases.ts";
import { createLog } from "../../packages/worker/src/log.ts";
import { createNodePorts, steadyClock } from "../../packages/worker/src/ports-node.ts";
import { RULES } from "./rules.ts";

/** Stage one alone, in a process of its own: documents in, facts out. */

const { values } = parseArgs({
  options: {
    urls: { type: "string", default: "" },
    prefix: { type: "string", default: "" },
    pattern: { type: "string", default: "" },
    break: { type: "string" },
  },
});
const { urls, prefix, pattern } = values;
const SOURCE = "rig";
const log = createLog({ level: "warn", secrets: [] });
const ports = createNodePorts(log);

async function connect(): Promise<Cluster> {
  for (;;) {
    try {
      return await connectCluster({ urls: urls.split(","), requestTimeout: 10_000 }, { log });
    } catch (error) {
      log.warn({ error: String(error) }, "not connected yet");
      await wait(500);
    }
  }
}

const cluster = await connect();
const writer = createBulkWriter({ cluster, prefix, ...ports });
const tailing = createTailing({
  cluster,
  ...ports,
  steady: steadyClock,
  patterns: [pattern],
  prefix,
  // Reads as fast as it can: the more it reads, the more it can lose.
  ...(values.break === "refresh" ? { activeInterval: 50, testing: { skipRefresh: true } } : {}),
});
const { rules } = loadRules([{ path: "rig.yml", text: RULES }]);
const stageOne = createStageOne({
  prefix,
  leases: createElasticsearchLeases({ cluster, prefix, ports }),
  openTail: async (shard, position) => ({
    tail: tailing.open(shard.sight.key, position),
    position: position ?? { historyUuid: tailing.watch.sight(shard.sight.key)?.historyUuid ?? "", checkpoint: -1 },
  }),
  writeFindings: async (documents, options) => {
    const outcomes = await createOnce(cluster, writer, documents, { hashField: FINDING_HASH_FIELD, ...options });
    if (values.break !== "content-hash") return outcomes;
    return outcomes.map((outcome) => (outcome.status === "different" ? { status: "same" } : outcome));
  },
  ruleSets: createElasticsearchDocuments<RuleSetDocument>({
    client: cluster.client,
    index: ruleSetsIndex(prefix),
    properties: RULE_SET_PROPERTIES,
    requestTimeout: 10_000,
  }),
  detector: createDetector(rules, { mappings: DEFAULT_MAPPINGS }),
  mappings: DEFAULT_MAPPINGS,
  rules,
  isShadow: () => false,
  logSources: new Map([[SOURCE, { product: "rig" }]]),
  refuse: async (inputs) => log.error({ inputs }, "refused"),
  ports,
});
tailing.watch.start();
for (;;) {
  await tailing.watch.changed(1_000);
  const { sights, looks } = tailing.watch.view();
  if (looks > 0) stageOne.follow(sights.map((sight) => ({ source: SOURCE, sight })));
}
