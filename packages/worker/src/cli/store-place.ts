import { createNodePorts } from "../ports-node.ts";
import { createBulkWriter } from "../elasticsearch/bulk-writer.ts";
import type { Log } from "../ports.ts";
import type { DumpSource, DumpTarget } from "../store/dump/dump-record.ts";
import { type DumpPlace, openElasticsearchDump, openElasticsearchTarget } from "../store/elasticsearch/dump.ts";
import type { TemplateChoices } from "../store/elasticsearch/templates/definitions.ts";
import { openElasticsearchStore } from "../store/elasticsearch/open-elasticsearch-store.ts";
import { installTemplates } from "../store/elasticsearch/templates/install.ts";
import { openSqliteReader } from "../store/sqlite/reader.ts";
import type { Memory } from "../store/store.ts";
import { openSqliteDump, openSqliteTarget } from "../store/sqlite/dump.ts";
import { withCluster } from "./cluster-options.ts";
import type { CommandOutput } from "./command-output.ts";

/** How a store is named on the command line. */
export const PLACE_HELP =
  "data folder, or `elasticsearch` for the cluster that --config names, or `elasticsearch:FILE` for the one that another configuration names";

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
const ELASTICSEARCH = /^elasticsearch(?::(.+))?$/;

async function withDumpPlace(
  config: string,
  output: CommandOutput,
  work: (place: DumpPlace, choices: TemplateChoices) => Promise<void>,
): Promise<void> {
  await withCluster({ config }, output, async (cluster, { prefix, replicas, retention }, { tenant }) => {
    const ports = createNodePorts(SILENT);
    const writer = createBulkWriter({ cluster, ...ports, prefix });
    await work({ cluster, writer, prefix, line: `case/${tenant}`, ports }, { replicas, retention });
  });
}

/** Opens the store that a name on the command line stands for, to be read as a whole. */
export async function withSource(
  name: string,
  config: string,
  output: CommandOutput,
  work: (source: DumpSource) => Promise<void>,
): Promise<void> {
  const inCluster = ELASTICSEARCH.exec(name);
  if (inCluster === null) {
    await using source = openSqliteDump(name);
    await work(source);
    return;
  }
  return withDumpPlace(inCluster[1] ?? config, output, async (place) => {
    await using source = openElasticsearchDump(place);
    await work(source);
  });
}

/** Opens the store that a name on the command line stands for, to be filled; it has to be empty. */
export async function withTarget(
  name: string,
  config: string,
  output: CommandOutput,
  work: (target: DumpTarget) => Promise<void>,
): Promise<void> {
  const inCluster = ELASTICSEARCH.exec(name);
  if (inCluster === null) {
    await using target = openSqliteTarget(name, Date.now());
    await target.requireEmpty();
    await work(target);
    return;
  }
  return withDumpPlace(inCluster[1] ?? config, output, async (place, choices) => {
    await installTemplates(place.cluster, place.prefix, { choices });
    await using target = openElasticsearchTarget(place);
    await target.requireEmpty();
    await work(target);
  });
}

/** What can be read of a store in either home. */
export type StoreReader = Pick<Memory, "listAlerts" | "alertMembers" | "findings" | "history">;

/** Opens the store that a name on the command line stands for, to look things up; its worker may run. */
export async function withReader(
  name: string,
  config: string,
  output: CommandOutput,
  work: (reader: StoreReader) => Promise<void>,
): Promise<void> {
  const inCluster = ELASTICSEARCH.exec(name);
  if (inCluster === null) {
    using reader = openSqliteReader(name);
    await work(reader);
    return;
  }
  return withDumpPlace(inCluster[1] ?? config, output, async (place) => {
    await using store = openElasticsearchStore(place);
    await work(store);
  });
}
