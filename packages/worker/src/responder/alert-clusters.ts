import type { Entity } from "@vedette/detection";
import { entityKey } from "../alerter/enrich.ts";
import { type Span, touching } from "../alerter/suppress.ts";
import { LINKING_KINDS } from "./incident-document.ts";

/** Spells of entities that one cluster keeps; further ones do not link, and are counted. */
export const MAX_SPELLS = 2_000;

/** A stretch of event time in which one entity is sighted again and again with no gap longer than the limit. */
interface Spell {
  readonly entity: string;
  from: number;
  to: number;
  cluster: string;
}

/** Alerts that belong together, directly or over others. */
export interface Cluster {
  readonly id: string;
  readonly alerts: ReadonlySet<string>;
  /** Incidents made for any of the alerts before they were known to belong together. */
  incidentIds: readonly string[];
}

interface MutableCluster extends Cluster {
  readonly alerts: Set<string>;
  readonly spells: Set<Spell>;
}

interface ClusterBlob {
  readonly alerts: readonly string[];
  readonly spells: readonly (readonly [string, number, number])[];
  readonly incidentIds: readonly string[];
}

/**
 * The connected components of alerts over sighted entities. Two sightings of one entity are connected when the gap between them is at
 * most the limit; an alert is connected with each sighting in it. Only joining happens, so the order of arrival does not matter.
 */
export class AlertClusters {
  readonly #gap: number;
  readonly #clusters = new Map<string, MutableCluster>();
  readonly #clusterOf = new Map<string, string>();
  readonly #spells = new Map<string, Spell[]>();
  readonly #changed = new Set<string>();
  readonly #gone = new Set<string>();
  #spellsRefused = 0;

  /** `gap` in milliseconds. */
  constructor(gap: number) {
    this.#gap = gap;
  }

  /** How many spells were not kept because their cluster had its fill. */
  get spellsRefused(): number {
    return this.#spellsRefused;
  }

  ofAlert(alertId: string): Cluster | undefined {
    const id = this.#clusterOf.get(alertId);
    return id === undefined ? undefined : this.#clusters.get(id);
  }

  /** Takes the sightings that a finding adds to an alert. */
  observe(alertId: string, span: Span, entities: readonly Entity[]): void {
    const known = this.#clusterOf.get(alertId);
    let cluster =
      known === undefined ? this.#enter(this.#begin(alertId), alertId) : (this.#clusters.get(known) as MutableCluster);
    for (const entity of entities) {
      if (LINKING_KINDS.has(entity.kind)) cluster = this.#sight(cluster, entityKey(entity), span);
    }
    this.#changed.add(cluster.id);
  }

  /** Two alerts became one. */
  alertMerged(from: string, into: string): void {
    const fromId = this.#clusterOf.get(from);
    const intoId = this.#clusterOf.get(into);
    if (fromId === undefined) return;
    const cluster = this.#clusters.get(fromId) as MutableCluster;
    const joined = intoId === undefined ? cluster : this.#join(this.#clusters.get(intoId) as MutableCluster, cluster);
    joined.alerts.delete(from);
    this.#clusterOf.delete(from);
    this.#enter(joined, into);
    this.#changed.add(joined.id);
  }

  /** Notes that something about an alert changed. */
  touch(alertId: string): void {
    const id = this.#clusterOf.get(alertId);
    if (id !== undefined) this.#changed.add(id);
  }

  /** Clusters that changed since the last call, and the ids of those that are no more. */
  takeChanges(): { readonly changed: readonly Cluster[]; readonly gone: readonly string[] } {
    const changed = Array.from(this.#changed, (id) => this.#clusters.get(id)).filter(
      (cluster) => cluster !== undefined,
    );
    const gone = [...this.#gone];
    this.#changed.clear();
    this.#gone.clear();
    return { changed, gone };
  }

  /** Forgets the clusters that no sighting at or after the given time can join, if all their alerts are settled. */
  evict(before: number, isSettled: (alertId: string) => boolean): Cluster[] {
    const evicted: Cluster[] = [];
    for (const cluster of this.#clusters.values()) {
      const isOver = Array.from(cluster.spells).every((spell) => spell.to + this.#gap < before);
      if (!isOver || ![...cluster.alerts].every(isSettled)) continue;
      for (const spell of cluster.spells) this.#drop(spell);
      for (const alert of cluster.alerts) this.#clusterOf.delete(alert);
      this.#clusters.delete(cluster.id);
      evicted.push(cluster);
    }
    return evicted;
  }

  blobOf(cluster: Cluster): string {
    const { alerts, spells, incidentIds } = this.#clusters.get(cluster.id) as MutableCluster;
    const blob: ClusterBlob = {
      alerts: [...alerts],
      spells: Array.from(spells, ({ entity, from, to }) => [entity, from, to] as const),
      incidentIds,
    };
    return JSON.stringify(blob);
  }

  restore(id: string, blob: string): Cluster {
    const { alerts, spells, incidentIds } = JSON.parse(blob) as ClusterBlob;
    const cluster = this.#begin(id);
    cluster.incidentIds = incidentIds;
    for (const alert of alerts) this.#enter(cluster, alert);
    for (const [entity, from, to] of spells) this.#keep(cluster, { entity, from, to, cluster: id });
    return cluster;
  }

  #sight(cluster: MutableCluster, entity: string, span: Span): MutableCluster {
    const [first, ...others] = touching(this.#spells.get(entity) ?? [], span, this.#gap);
    if (first === undefined) {
      if (cluster.spells.size >= MAX_SPELLS) this.#spellsRefused += 1;
      else this.#keep(cluster, { entity, from: span.from, to: span.to, cluster: cluster.id });
      return cluster;
    }
    first.from = Math.min(first.from, span.from);
    first.to = Math.max(first.to, span.to);
    let joined = this.#join(cluster, this.#clusters.get(first.cluster) as MutableCluster);
    for (const spell of others) {
      joined = this.#join(joined, this.#clusters.get(spell.cluster) as MutableCluster);
      first.from = Math.min(first.from, spell.from);
      first.to = Math.max(first.to, spell.to);
      joined.spells.delete(spell);
      this.#drop(spell);
    }
    return joined;
  }

  /** Moves the smaller of two clusters into the larger one. */
  #join(a: MutableCluster, b: MutableCluster): MutableCluster {
    if (a === b) return a;
    const [into, from] = a.alerts.size + a.spells.size >= b.alerts.size + b.spells.size ? [a, b] : [b, a];
    for (const alert of from.alerts) this.#enter(into, alert);
    for (const spell of from.spells) {
      spell.cluster = into.id;
      into.spells.add(spell);
    }
    into.incidentIds = [...into.incidentIds, ...from.incidentIds];
    this.#clusters.delete(from.id);
    this.#gone.add(from.id);
    this.#changed.add(into.id);
    return into;
  }

  #begin(id: string): MutableCluster {
    const cluster: MutableCluster = { id, alerts: new Set(), spells: new Set(), incidentIds: [] };
    this.#clusters.set(id, cluster);
    this.#gone.delete(id);
    return cluster;
  }

  #enter(cluster: MutableCluster, alertId: string): MutableCluster {
    cluster.alerts.add(alertId);
    this.#clusterOf.set(alertId, cluster.id);
    return cluster;
  }

  #keep(cluster: MutableCluster, spell: Spell): void {
    cluster.spells.add(spell);
    const spells = this.#spells.get(spell.entity);
    if (spells === undefined) this.#spells.set(spell.entity, [spell]);
    else spells.push(spell);
  }

  #drop(spell: Spell): void {
    const rest = (this.#spells.get(spell.entity) ?? []).filter((other) => other !== spell);
    if (rest.length === 0) this.#spells.delete(spell.entity);
    else this.#spells.set(spell.entity, rest);
  }
}
