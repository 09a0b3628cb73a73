import { randomInt } from "node:crypto";
import { truncateAddress } from "../client-address.ts";

/** What is another about the client of a session. */
export type ClientDifference = "address" | "user_agent";

/** What a request says about the clients of its session. */
export interface ClientSight {
  readonly action: "client_changed" | "concurrent";
  readonly changed: readonly ClientDifference[];
}

/** Remembers which clients used which session. */
export interface SessionClients {
  /** @returns What there is to report, at most a few times for one session. */
  seen(sessionId: string, address: string | undefined, userAgent: string | undefined): ClientSight | undefined;
  readonly size: number;
}

/** Sessions that are remembered; the one that was not used for longest is forgotten. */
const MOST_SESSIONS = 10_000;
/** Clients of one session that are remembered. */
const MOST_CLIENTS = 4;
/** Changes of one session's clients that are reported. */
const MOST_CHANGES = 5;
/** Milliseconds in which a session goes from one client to another and back for them to use it at once. */
const AT_ONCE = 60_000;

interface Client {
  readonly agent: number;
  /** The network of its addresses of either family: a client of both goes back and forth between them. */
  network4: string | undefined;
  network6: string | undefined;
  lastSeen: number;
}

interface Session {
  /** The one that was seen last comes last. */
  readonly clients: Client[];
  changes: number;
  concurrent: boolean;
}

/**
 * Makes the memory of sessions' clients. A client is a network (/24 of IPv4, /48 of IPv6) and a user agent without its version numbers, which change
 * while a browser updates itself. Session ids and user agents are kept as numbers that are hashes of them.
 *
 * @param now Milliseconds of any clock that does not go back.
 */
export function createSessionClients(
  now: () => number = () => performance.now(),
  most = MOST_SESSIONS,
): SessionClients {
  const sessions = new Map<number, Session>();
  return {
    get size() {
      return sessions.size;
    },
    seen(sessionId, address, userAgent) {
      const key = keyOf(sessionId);
      const time = now();
      const agent = agentOf((userAgent ?? "").slice(0, 512));
      const network = address === undefined ? undefined : truncateAddress(address);
      const session = sessions.get(key) ?? { clients: [], changes: 0, concurrent: false };
      // Put in anew: the first key of the map is then the one that was not used for longest.
      sessions.delete(key);
      sessions.set(key, session);
      if (sessions.size > most) {
        const [oldest] = sessions.keys();
        if (oldest !== undefined) sessions.delete(oldest);
      }
      return look(session, agent, network, time);
    },
  };
}

function look(session: Session, agent: number, network: string | undefined, time: number): ClientSight | undefined {
  const { clients } = session;
  const last = clients.at(-1);
  const index = clients.findIndex((client) => client.agent === agent && isOf(client, network));
  const known = clients[index];
  if (known !== undefined) {
    const before = known.lastSeen;
    known.lastSeen = time;
    if (network?.includes(":") === true) known.network6 ??= network;
    else known.network4 ??= network;
    if (known === last || last === undefined) return undefined;
    clients.push(...clients.splice(index, 1));
    if (session.concurrent || time - before > AT_ONCE) return undefined;
    session.concurrent = true;
    return { action: "concurrent", changed: difference(known, last) };
  }
  const client: Client = { agent, network4: undefined, network6: undefined, lastSeen: time };
  if (network?.includes(":") === true) client.network6 = network;
  else client.network4 = network;
  clients.push(client);
  if (clients.length > MOST_CLIENTS) clients.shift();
  if (last === undefined || ++session.changes > MOST_CHANGES) return undefined;
  return { action: "client_changed", changed: difference(client, last) };
}

function isOf(client: Client, network: string | undefined): boolean {
  if (network === undefined) return true;
  const known = network.includes(":") ? client.network6 : client.network4;
  return known === undefined || known === network;
}

function difference(one: Client, other: Client): ClientDifference[] {
  const found: ClientDifference[] = [];
  const differs = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && a !== b;
  const apart = one.agent !== other.agent && (one.network4 === undefined) !== (other.network4 === undefined);
  if (differs(one.network4, other.network4) || differs(one.network6, other.network6) || apart) found.push("address");
  if (one.agent !== other.agent) found.push("user_agent");
  return found;
}

/** User agents whose number is remembered: the same few come again and again. */
const MOST_AGENTS = 500;
const agents = new Map<string, number>();

function agentOf(userAgent: string): number {
  const known = agents.get(userAgent);
  if (known !== undefined) return known;
  const number = numberOf(userAgent.replaceAll(/[\d._]+/g, ""));
  if (agents.size >= MOST_AGENTS) agents.clear();
  agents.set(userAgent, number);
  return number;
}

const SEEDS = [randomInt(2 ** 32), randomInt(2 ** 32)] as const;

/** 53 bits of an id of far more, under seeds of this process: tells sessions apart, and leads back to none. */
function keyOf(sessionId: string): number {
  return numberOf(sessionId, SEEDS[0]) * 2 ** 21 + (numberOf(sessionId, SEEDS[1]) >>> 11);
}

/** FNV-1a. */
function numberOf(text: string, seed = 0x811c9dc5): number {
  let number = seed;
  for (let index = 0; index < text.length; index++)
    number = Math.imul(number ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return number;
}
