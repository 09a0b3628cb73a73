import { type Alert, type DenyListEntry, describeTargets, type Incident } from "@vedette/api";
import colors from "picocolors";
import type { RunningWorker } from "../../worker.ts";
import { printable } from "../text-table.ts";
import type { CampaignReport } from "./campaign.ts";

/** Classes of attack that a demo which went well has alerted on, and as many rules. */
const ENOUGH = 5;

/** The path of an incident's page in the console. */
export const incidentPage = (id: string): string => `/a/vedette-security-app/incidents/${encodeURIComponent(id)}`;

/** Addresses that an alert names. */
const addressesOf = (alert: Alert): readonly string[] =>
  alert.entities.filter(({ kind }) => kind === "address").map(({ value }) => value);

/** Whether an alert names one of the addresses. */
const names = (alert: Alert, addresses: ReadonlySet<string>): boolean =>
  addressesOf(alert).some((address) => addresses.has(address));

async function all<T>(
  list: (
    cursor: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly nextCursor?: string | undefined }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

/** Writes how it ended: the incident, the blocks, what became of the ordinary customers, and what to do next. */
export async function writeEnding(options: {
  readonly worker: RunningWorker;
  readonly report: CampaignReport;
  readonly attackers: ReadonlySet<string>;
  readonly shopUrl: string;
  readonly write: (line: string) => void;
}): Promise<{ readonly incidentPath: string; readonly isGood: boolean }> {
  const { worker, report, attackers, write, shopUrl } = options;
  const { store } = worker;
  const alerts = (
    await all<Alert>((cursor) => store.listAlerts({ limit: 500, ...(cursor === undefined ? {} : { cursor }) }))
  ).filter(({ mergedInto }) => mergedInto === undefined);
  const incidents = (
    await all<Incident>((cursor) => store.listIncidents({ limit: 500, ...(cursor === undefined ? {} : { cursor }) }))
  ).filter(({ mergedInto }) => mergedInto === undefined);
  const blocks = (await all<DenyListEntry>((cursor) => store.listDenyList(cursor, 500))).filter(
    ({ state, address }) =>
      (state === "in_force" || state === "pending") && address !== undefined && attackers.has(address),
  );

  const guilty = alerts.filter((alert) => names(alert, attackers));
  const rules = new Set(guilty.map(({ rule }) => rule.id));
  // Ordinary traffic may be blamed by name, or by an alert that names nobody; somebody else's attacks are neither.
  const customers = new Set(report.ordinary.addresses);
  const innocent = alerts.filter(
    (alert) => alert.lastSeen >= report.startedAt && (names(alert, customers) || addressesOf(alert).length === 0),
  );
  const incident = incidents
    .filter(({ entities }) => entities.some(({ kind, value }) => kind === "address" && attackers.has(value)))
    .toSorted((a, b) => b.alertIds.length - a.alertIds.length)[0];
  const { ordinary } = report;

  write("");
  if (incident)
    write(
      `${colors.bold("The incident")}  ${printable(incident.title)}: ${incident.alertIds.length} alerts of ${new Set(alerts.filter(({ incidentId }) => incidentId === incident.id).map(({ rule }) => rule.id)).size} rules, severity ${incident.severity}.`,
    );
  for (const block of blocks) {
    const refused = report.stages
      .filter(({ attacker }) => attacker === block.address)
      .reduce((sum, { answers }) => sum + (answers["403"] ?? 0), 0);
    write(
      `${colors.bold("Blocked")}       ${printable(describeTargets(block))} until ${new Date(block.expiresAt).toTimeString().slice(0, 8)}; ${refused} of its requests were answered with 403.`,
    );
  }
  write(
    `${colors.bold("Unharmed")}      ${ordinary.customers} ordinary customers, ${ordinary.requests} requests, ${ordinary.asExpected} answered as they should be; ${innocent.length === 0 ? "no alert names any of them" : `${innocent.length} alerts blame ordinary traffic`}.`,
  );
  const incidentPath = incident ? incidentPage(incident.id) : "/";
  write(`${colors.bold("Look at it")}    ${worker.createLoginLink(incidentPath)}`);
  write(
    `${colors.bold("Then")}          attack ${shopUrl} yourself; npx vedette incidents list --data ${options.worker.dataFolder}; your own sources: a vedette.yaml (README.md). Not there yet: docs/roadmap.md`,
  );
  const isGood =
    rules.size >= ENOUGH &&
    incident !== undefined &&
    blocks.length > 0 &&
    innocent.length === 0 &&
    ordinary.unexpected === 0;
  if (!isGood)
    write(colors.yellow("This is not how the demo should end: please report it with the data folder's audit trail."));
  return { incidentPath, isGood };
}
