/** An alert of another system. */
export interface TheirAlert {
  /** `index/_id` of the alert. */
  readonly place: string;
  readonly rule: string;
  /** Event time where the alert has it, else its own. Unix milliseconds. */
  readonly time: number;
  /** Events that it is about, as `stream/_id`, or as `/_id` where the alert does not tell the index. */
  readonly documents: readonly string[];
  readonly entities: readonly string[];
}

/** A finding of ours that alerts, or would if its rule were not in shadow. */
export interface OurFinding {
  readonly id: string;
  readonly rule: { readonly id: string; readonly title: string };
  readonly shadow: boolean;
  /** Event times of its first and last event, Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  /** As `stream/_id`. */
  readonly documents: readonly string[];
  readonly entities: readonly string[];
}

/** Why two are taken for the same: an event in common; else rules that stand for each other and, near in time, an entity in common, or no entities to compare. */
export type MatchKind = "document" | "entity" | "time";

/** An alert of theirs with what of ours tells the same. */
export interface ComparedAlert {
  readonly alert: TheirAlert;
  /** Empty: we missed it. */
  readonly ours: readonly OurFinding[];
  readonly by: MatchKind | undefined;
  /** The same rule had told of the same events before. */
  readonly isDouble: boolean;
}

/** A finding of ours with how many of theirs tell the same. */
export interface ComparedFinding {
  readonly finding: OurFinding;
  /** 0: they missed it. */
  readonly theirs: number;
  readonly isDouble: boolean;
}

/** Alerts and findings beside each other. */
export interface Comparison {
  readonly theirs: readonly ComparedAlert[];
  readonly ours: readonly ComparedFinding[];
}

/** What alerts are compared by besides their events. */
export interface ComparisonOptions {
  /** Ids of our rules by name of theirs. Rules of equal name, or of equal id, stand for each other without it. */
  readonly map: ReadonlyMap<string, readonly string[]>;
  /** Milliseconds between an alert and a finding without an event in common that are still taken for the same. */
  readonly window: number;
  /** What is outside is compared with, but not told of. */
  readonly span: { readonly from: number; readonly to: number };
}

const key = (text: string): string => text.trim().toLowerCase();

/** Sets the alerts of another system beside our findings. */
export function compareAlerts(
  alerts: readonly TheirAlert[],
  findings: readonly OurFinding[],
  { map, window, span }: ComparisonOptions,
): Comparison {
  const byDocument = new Map<string, OurFinding[]>();
  const byRule = new Map<string, OurFinding[]>();
  const add = (index: Map<string, OurFinding[]>, name: string, finding: OurFinding): void => {
    const list = index.get(name);
    if (list === undefined) index.set(name, [finding]);
    else list.push(finding);
  };
  for (const finding of findings) {
    const documents = new Set(finding.documents);
    // Names of indices have no slash, ids may.
    for (const document of finding.documents) documents.add(`/${document.slice(document.indexOf("/") + 1)}`);
    for (const document of documents) add(byDocument, document, finding);
    for (const name of new Set([finding.rule.id, key(finding.rule.title)])) add(byRule, name, finding);
  }
  const mapped = new Map([...map].map(([name, ids]) => [key(name), ids]));

  const match = (alert: TheirAlert): Pick<ComparedAlert, "ours" | "by"> => {
    const name = key(alert.rule);
    const rules = mapped.get(name) ?? [name];
    const meant = new Set(rules.flatMap((rule) => byRule.get(rule) ?? byRule.get(key(rule)) ?? []));
    const shared = [...new Set(alert.documents.flatMap((document) => byDocument.get(document) ?? []))];
    if (shared.length > 0) {
      const same = shared.filter((finding) => meant.has(finding));
      return { ours: same.length > 0 ? same : shared, by: "document" };
    }
    const near = [...meant]
      .map((finding) => ({ finding, gap: Math.max(finding.from - alert.time, alert.time - finding.to, 0) }))
      .filter(({ gap }) => gap <= window)
      .toSorted((a, b) => a.gap - b.gap);
    const names = new Set(alert.entities.map(key));
    const compared = near.filter(({ finding }) => names.size > 0 && finding.entities.length > 0);
    const [first] = compared.filter(({ finding }) => finding.entities.some((entity) => names.has(key(entity))));
    if (first !== undefined) return { ours: [first.finding], by: "entity" };
    const [nearest] = near.filter((one) => !compared.includes(one));
    return nearest === undefined ? { ours: [], by: undefined } : { ours: [nearest.finding], by: "time" };
  };

  const told = new Set<string>();
  const again = (name: string): boolean => {
    const isDouble = told.has(name);
    told.add(name);
    return isDouble;
  };
  const isWithin = (from: number, to: number): boolean => to >= span.from && from <= span.to;
  const counts = new Map<OurFinding, number>();
  const theirs = alerts
    .toSorted((a, b) => a.time - b.time || (a.place < b.place ? -1 : 1))
    .map((alert): ComparedAlert => {
      const found = match(alert);
      for (const finding of found.ours) counts.set(finding, (counts.get(finding) ?? 0) + 1);
      const about =
        alert.documents.length > 0 ? alert.documents.toSorted() : [alert.time, ...alert.entities.toSorted()];
      return { alert, ...found, isDouble: again(JSON.stringify(["theirs", alert.rule, ...about])) };
    })
    .filter(({ alert }) => isWithin(alert.time, alert.time));
  const ours = findings
    .toSorted((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1))
    .map((finding): ComparedFinding => ({
      finding,
      theirs: counts.get(finding) ?? 0,
      isDouble: again(JSON.stringify(["ours", finding.rule.id, ...finding.documents.toSorted()])),
    }))
    .filter(({ finding }) => isWithin(finding.from, finding.to));
  return { theirs, ours };
}
