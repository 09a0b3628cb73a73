import { Command } from "commander";
import { installTemplates } from "../store/elasticsearch/templates/install.ts";
import { ERROR_CODES, StoreError } from "../errors.ts";
import { missingPrivileges } from "../elasticsearch/privilege-check.ts";
import { LIFECYCLE_PRIVILEGES, roleDescriptor, RUN_PRIVILEGES, SETUP_PRIVILEGES } from "../elasticsearch/privileges.ts";
import { calling } from "../elasticsearch/errors.ts";
import { type ClusterOptions, clusterOptions, withCluster } from "./cluster-options.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { patternsOf } from "./setup/source-patterns.ts";

interface SetupOptions extends ClusterOptions {
  readonly dryRun?: boolean;
  readonly createKey?: boolean;
  readonly source?: readonly string[];
}

const json = (value: unknown): string => JSON.stringify(value, undefined, 2);

/** Builds `vedette setup elasticsearch`. */
export function setupCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("setup").description("prepare what the worker works with");
  const elasticsearch = command
    .command("elasticsearch")
    .description(
      "install index templates and indices, and print the worker's role and API key as requests for Kibana's Dev Tools and curl, and a vedette.yaml. Exit code 2 when the cluster cannot be used",
    )
    .option("--dry-run", "write nothing to the cluster, print what would be")
    .option("--create-key", "make the worker's API key and print it, once")
    .option("--source <pattern...>", "indices and data streams to read, instead of the configuration's");
  for (const option of clusterOptions()) elasticsearch.addOption(option);
  elasticsearch.action((options: SetupOptions) => setup(options, output));
  return command;
}

async function setup(options: SetupOptions, output: CommandOutput): Promise<void> {
  if (options.dryRun === true && options.createKey === true) {
    output.complain("--create-key writes and --dry-run does not: give one of them.");
    output.exit(2);
    return;
  }
  await withCluster(options, output, async (cluster, settings, config) => {
    const { prefix } = settings;
    const { version, serverless, security, indexLifecycle } = cluster.capabilities;
    const patterns = patternsOf(config, options.source);
    output.print(`Elasticsearch ${serverless ? "serverless" : version}, cluster "${cluster.name}".`);
    const needed = [...SETUP_PRIVILEGES, ...(indexLifecycle ? LIFECYCLE_PRIVILEGES : [])];
    const missing = await missingPrivileges(cluster, needed, { prefix, patterns });
    for (const { scope, name, reason } of missing)
      output.complain(
        `This user lacks the ${scope === "cluster" ? "cluster privilege" : `privilege on ${prefix}-*`} ${name}, ${reason}.`,
      );
    if (missing.length > 0 && options.dryRun !== true) {
      output.complain(
        "Nothing was written. Run this as an administrator, or with --dry-run and hand on what it prints.",
      );
      output.exit(2);
      return;
    }
    try {
      const actions = await installTemplates(cluster, prefix, {
        dryRun: options.dryRun === true,
        choices: { replicas: settings.replicas, retention: settings.retention },
      });
      output.print(
        actions.length === 0
          ? `Templates and indices under ${prefix}- are up to date.`
          : options.dryRun === true
            ? "# Would be done (nothing is written):"
            : "Done:",
      );
      for (const action of actions) {
        const path = { "put-template": "_index_template", "put-policy": "_ilm/policy" }[action.do as string];
        if (path === undefined || !("body" in action)) output.print(`# ${action.do} ${action.name}`);
        else if (options.dryRun === true) output.print(`PUT ${path}/${action.name}\n${json(action.body)}\n`);
        else output.print(`  ${action.do} ${action.name}`);
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      output.complain(`${error.code}: ${error.message}`);
      const cure = ERROR_CODES[error.code]?.cure;
      if (cure !== undefined) output.complain(cure);
      output.exit(2);
      return;
    }
    const role = roleDescriptor(RUN_PRIVILEGES, { prefix, patterns });
    const request = { name: `${prefix}-worker`, role_descriptors: { [`${prefix}-worker`]: role } };
    if (!security)
      output.print(
        "\nSecurity is off in this cluster: the worker needs no key, and whoever reaches the cluster can change everything in it.",
      );
    else {
      output.print("\n# What the worker needs and nothing more. For Kibana's Dev Tools: a role, or a key of its own");
      output.print(`PUT _security/role/${prefix}-worker\n${json(role)}\n`);
      output.print(`POST _security/api_key\n${json(request)}\n`);
      output.print("# The key by curl; it is encoded in the answer");
      output.print(
        `curl -u ADMINISTRATOR -H 'Content-Type: application/json' '${settings.urls[0] ?? ""}/_security/api_key' -d '${JSON.stringify(request)}'\n`,
      );
    }
    if (options.createKey === true && security) {
      const made = await calling("Making the worker's API key", () => cluster.client.security.createApiKey(request));
      output.print(`Made the API key ${made.name} (${made.id}). It is shown this once:\n${made.encoded}\n`);
    }
    if (patterns.length === 0)
      output.print("# No source is named: add --source 'logs-*', so that the role covers what is to be read.");
    output.print("# vedette.yaml");
    output.print(`elasticsearch:\n  urls: ${JSON.stringify(settings.urls)}`);
    if (security) output.print("  apiKeyFile: ./vedette-key   # the encoded key, readable by the worker alone");
    if (prefix !== "vedette") output.print(`  prefix: ${prefix}`);
    output.print(
      `sources:\n  - type: elasticsearch\n    name: logs\n    patterns: ${JSON.stringify(patterns.length > 0 ? patterns : ["logs-*"])}\n    start: now`,
    );
    output.exit(0);
  });
}
