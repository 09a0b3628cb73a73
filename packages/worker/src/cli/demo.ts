import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Change, describeTargets, type Incident } from "@vedette/api";
import { Command } from "commander";
import colors from "picocolors";
import { loadConfig } from "../config/load.ts";
import { createLog } from "../log.ts";
import { createNodePorts } from "../ports-node.ts";
import { startWorker, type RunningWorker } from "../worker.ts";
import { type DemoChild, startChild } from "./demo/child.ts";
import { type Campaign, startCampaign } from "./demo/campaign.ts";
import { type Examples, findExamples } from "./demo/checkout.ts";
import { createStory, type Story } from "./demo/story.ts";
import { incidentPage, writeEnding } from "./demo/ending.ts";
import { findConsole } from "./console-folder.ts";
import { portOption } from "./options.ts";
import { onParentMessage, tellParent } from "./process-signals.ts";
import { untilOver } from "./start.ts";
import { explainStartFailure } from "./start-failure.ts";

const DATA_FOLDER = ".vedette-demo";

interface DemoOptions {
  readonly data: string;
  readonly apiPort: number;
  readonly otlpPort: number;
  readonly shopPort: number;
  readonly seconds: number;
  readonly seed: number;
  readonly once?: boolean;
}

/** Starts the shop, instrumented, and resolves with its address once it is open. */
async function openShop(
  examples: Examples,
  worker: RunningWorker,
  port: number,
): Promise<{ readonly url: string; readonly child: DemoChild }> {
  const { promise, resolve: opened } = Promise.withResolvers<string>();
  const child = startChild(examples.shop, {
    parameters: ["--port", String(port)],
    environment: {
      SHOP_READY_JSON: "1",
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_OTLP_ENDPOINT: worker.addresses.otlp?.url ?? "",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_BLRP_SCHEDULE_DELAY: "200",
      VEDETTE_GUARD_URL: worker.addresses.api.url,
      VEDETTE_GUARD_MODE: "enforce",
      // The customers are invented: their names make the better story, and the key need not be one.
      VEDETTE_USERS: "clear",
      VEDETTE_HASH_KEY: "no secret: the customers are invented",
    },
    onLine(line) {
      if (!line.startsWith("{")) return;
      try {
        const { ready, url } = JSON.parse(line) as { ready?: boolean; url?: string };
        if (ready === true && url !== undefined) opened(url);
      } catch {
        // Not the shop's own line.
      }
    },
  });
  const url = await Promise.race([promise, child.ended.then(() => undefined)]);
  if (url === undefined) throw new Error(`the shop did not open: ${child.errors()}`);
  return { url, child };
}

/** Follows the store and tells the story of each alert, incident and block; the returned function stops it. */
function follow(
  worker: RunningWorker,
  story: Story,
  onIncident: (incident: Incident) => void,
  fail: (error: unknown) => void,
): () => void {
  const { store } = worker;
  const tell = async ({ kind, id }: Change): Promise<void> => {
    if (kind === "alert") {
      const alert = await store.alert(id);
      if (alert) story.alerted(alert);
    } else if (kind === "incident") {
      const incident = await store.incident(id);
      if (incident) {
        story.incident(incident);
        onIncident(incident);
      }
    } else if (kind === "deny_list") {
      const page = await store.listDenyList(undefined, 100);
      const entry = page.items.find((one) => one.id === id);
      if (entry && (entry.state === "pending" || entry.state === "in_force")) story.blocked(entry);
    }
  };
  let told: Promise<void> = Promise.resolve();
  return store.onChange((changes) => {
    for (const change of changes) told = told.then(() => tell(change)).catch(fail);
  });
}

/** Two addresses for the attackers that no earlier demo has left behind in an alert or on the deny list, if there are any. */
async function freshAttackers(
  worker: RunningWorker,
): Promise<{ readonly attackers: readonly [string, string]; readonly blocked: readonly string[] }> {
  const { store } = worker;
  const now = Date.now();
  const denied = (await store.listDenyList(undefined, 500)).items;
  const blocked = denied.filter(({ state, expiresAt }) => state === "in_force" && expiresAt > now);
  const isKnown = async (address: string): Promise<boolean> =>
    denied.some((entry) => entry.address === address) ||
    (await store.listAlerts({ entity: address, limit: 1 })).total > 0;
  let attackers: readonly [string, string] = ["127.0.0.66", "127.0.0.67"];
  for (let last = 66; last < 250; last += 2) {
    attackers = [`127.0.0.${last}`, `127.0.0.${last + 1}`];
    if (!(await isKnown(attackers[0])) && !(await isKnown(attackers[1]))) break;
  }
  return { attackers, blocked: blocked.map(describeTargets) };
}

async function runDemo(options: DemoOptions, examples: Examples): Promise<number> {
  const dataFolder = resolve(options.data);
  const isContinued = existsSync(join(dataFolder, "admin-token"));
  const loaded = loadConfig({
    text: JSON.stringify({ dataFolder, api: { port: options.apiPort }, otlp: { port: options.otlpPort } }),
    env: {},
  });
  if (!loaded.config) throw new Error(loaded.problems.map(({ message }) => message).join(" "));
  console.log(
    `${colors.bold("Vedette demo")}: a sample shop on this machine is attacked from loopback addresses. None of your own data is read or watched.`,
  );
  console.log(
    `Data: ${dataFolder}${isContinued ? " (goes on with what an earlier demo left)" : ""}. For your own sources: a vedette.yaml in the folder, then npm start. Ctrl-C ends all of it.\n`,
  );

  await using stack = new AsyncDisposableStack();
  const log = createLog({ level: "warn" });
  const worker = stack.use(
    await startWorker({
      config: loaded.config,
      ports: createNodePorts(log),
      mode: "demo",
      consoleFolder: findConsole(process.env),
    }),
  );
  const shop = await openShop(examples, worker, options.shopPort);
  stack.use(shop.child);
  const hasConsole = findConsole(process.env)() !== undefined;
  console.log(`  shop     ${shop.url}`);
  console.log(
    `  console  ${worker.createLoginLink("/")}${hasConsole ? "" : colors.dim("   (is built beside the demo, one to two minutes, once; the page waits for it)")}`,
  );
  console.log(`  OTLP     ${worker.addresses.otlp?.url ?? ""}\n`);

  const { attackers, blocked } = await freshAttackers(worker);
  if (blocked.length > 0)
    console.log(`  Still blocked from before: ${blocked.join(", ")}. Others come: ${attackers.join(", ")}.\n`);

  /** Where the story is told in the console: the overview, until there is an incident. */
  let incidentPath = "/";
  const story = createStory({
    now: () => Date.now(),
    write: (line) => console.log(line),
    later: (milliseconds, callback) => void setTimeout(callback, milliseconds),
  });
  const unfollow = follow(
    worker,
    story,
    ({ id, alertIds, mergedInto }) => {
      if (mergedInto === undefined && alertIds.length > 1) incidentPath = incidentPage(id);
    },
    (error) => log.warn({ error }, "the story missed a change"),
  );
  stack.defer(unfollow);
  const campaign: Campaign = startCampaign(examples, {
    target: shop.url,
    seconds: options.seconds,
    seed: options.seed,
    attackers,
    onAttacker: (address) => story.attackBegan(address),
  });
  stack.use(campaign.child);

  onParentMessage("console-ready", () =>
    console.log(
      `\nThe console is built. ${incidentPath === "/" ? "Open it" : "The incident"}: ${worker.createLoginLink(incidentPath)}`,
    ),
  );
  tellParent({ type: "ready" });

  const isGood = Promise.withResolvers<boolean>();
  const finished = campaign.report.then(async (report) => {
    story.flush();
    const ending = await writeEnding({
      worker,
      report,
      write: (line) => console.log(line),
      attackers: campaign.attackers,
      shopUrl: shop.url,
    });
    incidentPath = ending.incidentPath;
    isGood.resolve(ending.isGood);
  });
  finished.catch((error: unknown) => {
    console.error(`vedette demo: ${error instanceof Error ? error.message : String(error)}`);
    isGood.resolve(false);
  });
  const over = untilOver(worker);
  const shopEnded = shop.child.ended.then(() => ({ failure: new Error(`the shop ended: ${shop.child.errors()}`) }));
  const outcome = await Promise.race([
    over,
    shopEnded,
    ...(options.once ? [isGood.promise.then((good) => ({ good }))] : []),
  ]);
  if ("failure" in outcome && outcome.failure !== undefined) {
    console.error(explainStartFailure("vedette demo", outcome.failure));
    return 1;
  }
  return "good" in outcome && !outcome.good ? 1 : 0;
}

/** `vedette demo`: a shop, an attacker and the whole line between them, on this machine. */
export function demoCommand(): Command {
  return new Command("demo")
    .summary("watch a sample shop being attacked, on this machine")
    .description(
      "Starts the worker, a sample shop that is instrumented, and an attacker among ordinary customers; all of it on loopback, with a data folder of its own.",
    )
    .option("--data <folder>", "data folder", DATA_FOLDER)
    .option("--api-port <port>", "port of API, console and metrics", portOption, 7333)
    .option("--otlp-port <port>", "port of the OTLP receiver", portOption, 4318)
    .option("--shop-port <port>", "port of the shop", portOption, 7380)
    .option(
      "--seconds <n>",
      "how long the traffic lasts",
      (text) => Math.min(3600, Math.max(10, Number.parseInt(text, 10) || 45)),
      45,
    )
    .option("--seed <n>", "the same seed makes the same traffic", (text) => Number.parseInt(text, 10) || 1, 1)
    .option("--once", "end when the story is told: exit code 0 when it went as it should, 1 when not")
    .action(async (options: DemoOptions) => {
      const examples = findExamples();
      if (!examples) {
        console.error(
          "vedette demo: the shop and the attacker are part of the repository; run the demo from a checkout with npm start.",
        );
        process.exit(2);
      }
      try {
        process.exitCode = await runDemo(options, examples);
      } catch (error) {
        console.error(explainStartFailure("vedette demo", error));
        if (/EADDRINUSE/.test(String(error)))
          console.error("For the demo: npm start -- --api-port N --otlp-port N --shop-port N; 0 takes any free port.");
        process.exitCode = 2;
      }
      process.exit();
    });
}
