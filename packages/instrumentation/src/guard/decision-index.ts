import { GUARD_ACTIONS, GUARD_TARGET_KINDS, type GuardDecision, type GuardTargetKind } from "@vedette/semconv";
import { addressBits, networkKey, parseAddressRange, type AddressBits } from "./address-range.ts";
import { compileRoute, isOpenRoute, normalisePath, segmentsOf } from "./route-pattern.ts";

/** What is known about a request, in the words of the targets. A user, session or key has one name for each key of the deployment. */
export interface GuardSubject {
  /** Normalised address. */
  readonly address: string | undefined;
  readonly users: readonly string[];
  readonly sessions: readonly string[];
  readonly apiKeys: readonly string[];
  /** Raw path without query, and the route pattern where it is known. */
  readonly path: string | undefined;
  readonly route: string | undefined;
}

/** A decision as it is kept: what decides between several that hold of one request. */
export interface KeptDecision {
  readonly decision: GuardDecision;
  /** One bit for each kind of target. */
  readonly kinds: number;
  /** Leading bits of its address that count; 0 when it names none. */
  readonly bits: number;
  /** When it ends by the guard's own clock, milliseconds. */
  readonly endsAt: number;
}

/** Finds the decisions that hold of a request, at a price that does not depend on how many there are. */
export interface DecisionIndex {
  find(subject: GuardSubject): readonly KeptDecision[];
}

/** Why a decision cannot be applied. */
export type Unsupported = "action" | "target" | "rate";

const ADDRESS = kindBit("client.address");
const ROUTE = kindBit("http.route");

/** Decisions with the same kinds of target, and, where they name an address, of one family and length. */
interface Shape {
  readonly kinds: number;
  readonly family: 4 | 6 | undefined;
  readonly bits: number;
  readonly byKey: Map<string, KeptDecision | KeptDecision[]>;
}

interface OpenRoute {
  readonly route: string;
  readonly fits: (segments: readonly string[]) => boolean;
}

/** One target in the spelling in which it is looked up. */
interface Part {
  readonly bit: number;
  readonly key: string;
  readonly family?: 4 | 6;
  readonly bits?: number;
}

/**
 * Makes the index.
 *
 * @param ends When a decision ends by the guard's own clock.
 * @param onUnsupported Told about each decision that cannot be applied.
 */
export function createDecisionIndex(
  decisions: readonly GuardDecision[],
  ends: (decision: GuardDecision) => number,
  onUnsupported: (decision: GuardDecision, why: Unsupported) => void,
): { readonly index: DecisionIndex; readonly kept: readonly KeptDecision[] } {
  const shapes = new Map<string, Shape>();
  const openRoutes = new Map<string, OpenRoute>();
  const kept: KeptDecision[] = [];
  for (const decision of decisions) {
    const parts = decision.targets.map(partOf);
    const kinds = parts.reduce((mask, part) => mask | (part?.bit ?? 0), 0);
    const unsupported = whyUnsupported(decision, parts, kinds);
    if (unsupported !== undefined) {
      onUnsupported(decision, unsupported);
      continue;
    }
    const known = (parts as Part[]).toSorted((a, b) => a.bit - b.bit);
    const address = known.find(({ bit }) => bit === ADDRESS);
    const entry: KeptDecision = { decision, kinds, bits: address?.bits ?? 0, endsAt: ends(decision) };
    kept.push(entry);
    const name = `${kinds} ${address?.family ?? ""} ${entry.bits}`;
    let shape = shapes.get(name);
    if (shape === undefined)
      shapes.set(name, (shape = { kinds, family: address?.family, bits: entry.bits, byKey: new Map() }));
    add(shape.byKey, known.length === 1 ? (known[0]?.key ?? "") : known.map(({ key }) => key).join("\n"), entry);
    const route = known.find(({ bit }) => bit === ROUTE);
    if (route !== undefined && isOpenRoute(route.key) && !openRoutes.has(route.key))
      openRoutes.set(route.key, { route: route.key, fits: compileRoute(route.key) });
  }
  return { index: { find: finder([...shapes.values()], [...openRoutes.values()]) }, kept };
}

function finder(shapes: readonly Shape[], openRoutes: readonly OpenRoute[]): DecisionIndex["find"] {
  const asksForRoute = shapes.some(({ kinds }) => (kinds & ROUTE) !== 0);
  return (subject) => {
    const found: KeptDecision[] = [];
    let address: AddressBits | undefined;
    const routes = asksForRoute ? routesOf(subject, openRoutes) : [];
    for (const { kinds, family, bits, byKey } of shapes) {
      let keys: readonly string[] | undefined;
      for (let position = 0; position < GUARD_TARGET_KINDS.length; position++) {
        const bit = 1 << position;
        if ((kinds & bit) === 0) continue;
        let own: readonly string[];
        if (bit === ADDRESS) {
          if (subject.address === undefined) own = [];
          else {
            address ??= addressBits(subject.address);
            own = address.family === family ? [networkKey(address, bits)] : [];
          }
        } else if (bit === ROUTE) own = routes;
        else own = namesOf(subject, position);
        keys = keys === undefined ? own : keys.flatMap((before) => own.map((key) => `${before}\n${key}`));
        if (keys.length === 0) break;
      }
      for (const key of keys ?? []) {
        const entries = byKey.get(key);
        if (entries === undefined) continue;
        if (Array.isArray(entries)) found.push(...entries);
        else found.push(entries);
      }
    }
    return found;
  };
}

function namesOf(subject: GuardSubject, position: number): readonly string[] {
  switch (GUARD_TARGET_KINDS[position]) {
    case "user.hash":
      return subject.users;
    case "session.id":
      return subject.sessions;
    case "vedette.api_key.hash":
      return subject.apiKeys;
    default:
      return [];
  }
}

/** The routes that decisions may name this request by: what the framework said, the path itself, and the open routes that it fits. */
function routesOf(subject: GuardSubject, openRoutes: readonly OpenRoute[]): readonly string[] {
  const routes = new Set<string>();
  if (subject.route !== undefined) routes.add(subject.route);
  if (subject.path !== undefined) {
    const path = normalisePath(subject.path);
    routes.add(path);
    if (openRoutes.length > 0) {
      const segments = segmentsOf(path);
      for (const { route, fits } of openRoutes) if (fits(segments)) routes.add(route);
    }
  }
  return [...routes];
}

function partOf({ kind, value }: { readonly kind: string; readonly value: string }): Part | undefined {
  switch (kind) {
    case "client.address": {
      const range = parseAddressRange(value);
      return range === undefined ? undefined : { bit: ADDRESS, key: range.key, family: range.family, bits: range.bits };
    }
    case "http.route":
      return value === "" ? undefined : { bit: ROUTE, key: isOpenRoute(value) ? value : normalisePath(value) };
    case "user.hash":
    case "session.id":
    case "vedette.api_key.hash":
      return value === "" ? undefined : { bit: kindBit(kind), key: value };
    default:
      return undefined;
  }
}

function whyUnsupported(
  decision: GuardDecision,
  parts: readonly (Part | undefined)[],
  kinds: number,
): Unsupported | undefined {
  if (!(GUARD_ACTIONS as readonly string[]).includes(decision.action)) return "action";
  const twice = countBits(kinds) !== parts.length;
  if (parts.length === 0 || parts.includes(undefined) || twice) return "target";
  if (decision.action !== "throttle") return undefined;
  const { limit = 0, seconds = 0, burst = 1 } = decision.rate ?? {};
  return limit > 0 && seconds > 0 && burst >= 1 ? undefined : "rate";
}

function add(map: Map<string, KeptDecision | KeptDecision[]>, key: string, entry: KeptDecision): void {
  const before = map.get(key);
  if (before === undefined) map.set(key, entry);
  else if (Array.isArray(before)) before.push(entry);
  else map.set(key, [before, entry]);
}

function kindBit(kind: GuardTargetKind): number {
  return 1 << GUARD_TARGET_KINDS.indexOf(kind);
}

function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
