import type { Alert, Incident } from "@vedette/api";
import type { AlertOutcome } from "../alerter/alert-fold.ts";
import { isOlder } from "../alerter/suppress.ts";
import { hashId } from "../detector/hash.ts";
import type { PlacedFinding } from "../detector/line-rule.ts";
import type { StepDraft } from "../detector/step-draft.ts";
import { AlertClusters, type Cluster } from "./alert-clusters.ts";
import { isWorthAnIncident, summarize } from "./incident-document.ts";

/** Blobs of the fold: one a cluster. */
export const CLUSTER_BLOB = "incident-cluster/";

/** What the fold needs to know. */
export interface IncidentFoldOptions {
  readonly tenant: string;
  /** Longest gap between two sightings of an entity that still join, milliseconds. */
  readonly gap: number;
  /** The alert as it is now. */
  readonly alert: (id: string) => Alert | undefined;
  /** Takes an alert whose incident changed. */
  readonly replaceAlert: (alert: Alert, draft: StepDraft) => void;
}

/** Keeps the incidents of one tenant equal to what its alerts say: one for each cluster that is worth it (docs/alerts.md). */
export class IncidentFold {
  readonly #options: IncidentFoldOptions;
  readonly #clusters: AlertClusters;
  readonly #incidents = new Map<string, Incident>();

  constructor(options: IncidentFoldOptions) {
    this.#options = options;
    this.#clusters = new AlertClusters(options.gap);
  }

  restore(blobs: ReadonlyMap<string, string>, incidents: ReadonlyMap<string, Incident>): void {
    for (const [key, value] of blobs) {
      if (!key.startsWith(CLUSTER_BLOB)) continue;
      for (const id of this.#clusters.restore(key.slice(CLUSTER_BLOB.length), value).incidentIds) {
        const incident = incidents.get(id);
        if (incident !== undefined) this.#incidents.set(id, incident);
      }
    }
  }

  /** An incident that the fold can still change. */
  incident(id: string): Incident | undefined {
    return this.#incidents.get(id);
  }

  /** How many spells of entities did not fit into their cluster. */
  get spellsRefused(): number {
    return this.#clusters.spellsRefused;
  }

  /** Takes the sightings that a finding adds to an alert. */
  observe(alertId: string, finding: PlacedFinding): void {
    this.#clusters.observe(alertId, finding, finding.entities);
  }

  /** Takes a new state of an incident that somebody changed. */
  replace(incident: Incident, draft: StepDraft): Incident {
    const next = draft.incident(incident);
    if (this.#incidents.has(incident.id)) this.#incidents.set(incident.id, next);
    return next;
  }

  /** Writes every incident that the step's alerts changed; call once, after the alerts. */
  finish(draft: StepDraft, outcomes: readonly AlertOutcome[]): void {
    for (const from of draft.alertMerges.keys()) this.#clusters.alertMerged(from, draft.survivor(from));
    for (const { alert } of outcomes) this.#clusters.touch(alert.id);
    const reopened = new Set(
      outcomes
        .filter(({ alert, before }) => before?.status === "closed" && alert.status !== "closed")
        .map(({ alert }) => alert.id),
    );
    const { changed, gone } = this.#clusters.takeChanges();
    for (const cluster of changed) this.#finishOne(cluster, draft, reopened);
    for (const id of gone) draft.blob(CLUSTER_BLOB + id, null);
  }

  /** Forgets the clusters that nothing at or after the given event time can change; returns their alerts. */
  evict(before: number, isSettled: (alertId: string) => boolean, draft: StepDraft): string[] {
    return this.#clusters.evict(before, isSettled).flatMap(({ id, alerts, incidentIds }) => {
      for (const incidentId of incidentIds) this.#incidents.delete(incidentId);
      draft.blob(CLUSTER_BLOB + id, null);
      return [...alerts];
    });
  }

  #finishOne(cluster: Cluster, draft: StepDraft, reopened: ReadonlySet<string>): void {
    const alerts = Array.from(cluster.alerts, (id) => this.#options.alert(id)).filter((alert) => alert !== undefined);
    const known = cluster.incidentIds.map((id) => this.#incidents.get(id)).filter((incident) => incident !== undefined);
    const [survivor, ...losers] = known.toSorted((a, b) => (isOlder(a, b) ? -1 : 1));
    let incident: Incident | undefined;
    if (survivor !== undefined) incident = this.#update(survivor, losers, alerts, draft, reopened);
    else if (isWorthAnIncident(alerts)) incident = this.#open(alerts, draft);
    cluster.incidentIds = incident === undefined ? [] : [incident.id];
    for (const alert of alerts) {
      if (incident !== undefined && alert.incidentId !== incident.id)
        this.#options.replaceAlert({ ...alert, incidentId: incident.id }, draft);
    }
    draft.blob(CLUSTER_BLOB + cluster.id, this.#clusters.blobOf(cluster));
  }

  #open(alerts: readonly Alert[], draft: StepDraft): Incident {
    const { tenant, gap } = this.#options;
    const summary = summarize(alerts, gap);
    const id = hashId("incident", tenant, ...summary.alertIds.slice(0, 1));
    const incident = draft.incident({ id, revision: 0, tenant, status: "new", openedAt: draft.now, ...summary });
    this.#incidents.set(id, incident);
    draft.history(id, "responder", "opened", summary.reasons.join(" "));
    return incident;
  }

  #update(
    before: Incident,
    losers: readonly Incident[],
    alerts: readonly Alert[],
    draft: StepDraft,
    reopened: ReadonlySet<string>,
  ): Incident {
    let next: Incident = { ...before, ...summarize(alerts, this.#options.gap) };
    for (const loser of losers) {
      this.#incidents.delete(loser.id);
      draft.incident({ ...loser, mergedInto: before.id });
      draft.history(loser.id, "responder", "merged", `Its alerts belong to ${before.id}.`);
      draft.history(before.id, "responder", "joined", `The alerts of ${loser.id} belong to it.`);
    }
    if (next.status === "closed") {
      const status = losers.find((loser) => loser.status !== "closed")?.status;
      const goesOn = alerts.find(
        (alert) => reopened.has(alert.id) || (alert.incidentId !== before.id && alert.status !== "closed"),
      );
      if (status !== undefined || goesOn !== undefined) {
        next = { ...next, status: status ?? "new" };
        const why =
          goesOn === undefined
            ? "It was joined with an incident that is not closed."
            : `Alert ${goesOn.id} came after it was closed.`;
        draft.history(before.id, "responder", `status:${next.status}`, why);
      }
    }
    if (JSON.stringify(next) === JSON.stringify(before)) return before;
    next = draft.incident(next);
    this.#incidents.set(next.id, next);
    return next;
  }
}
