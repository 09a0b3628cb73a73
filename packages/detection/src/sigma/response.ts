import { GUARD_ACTIONS, GUARD_TARGET_KINDS, type GuardRate, type GuardTargetKind } from "@vedette/semconv";
import type { ResponseHint } from "../rule.ts";
import { parseDuration } from "./duration.ts";
import { isMapOf, readChoice, readDuration, readFilledText } from "./extension-values.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, child } from "./tree.ts";

const KEYS = ["action", "field", "target", "route", "rate", "burst", "for"];
const ACTIONS = ["block_address", ...GUARD_ACTIONS] as const;
/** What a session can be ended by. */
const SESSION_KINDS: readonly GuardTargetKind[] = ["session.id", "vedette.api_key.hash"];

/** Reads one entry of `vedette.response`; what is wrong with it is reported. */
export function readResponse(tree: Tree, reporter: Reporter): ResponseHint | undefined {
  if (!isMapOf(tree, "response", KEYS, reporter)) return undefined;
  const action = readChoice(child(tree, "action"), "response.action", ACTIONS, undefined, reporter);
  const field = child(tree, "field");
  if (field?.kind !== "scalar" || typeof field.value !== "string") {
    reporter.error(
      "rule-extension",
      '"response.field" must name the field that holds the target.',
      field?.at ?? tree.at,
    );
    return undefined;
  }
  const duration = child(tree, "for");
  if (duration === undefined) {
    reporter.error(
      "rule-extension",
      '"response.for" is missing: how long the action stays in force.',
      tree.at,
      "Write for instance `for: 15m`.",
    );
    return undefined;
  }
  const milliseconds = readDuration(duration, "response.for", reporter);
  if (action === undefined || milliseconds === undefined) return undefined;
  const more = readMore(tree, action, field.value, reporter);
  return more === undefined ? undefined : { action, field: field.value, ...more, for: milliseconds };
}

function readMore(
  tree: Tree,
  action: ResponseHint["action"],
  field: string,
  reporter: Reporter,
): Pick<ResponseHint, "target" | "route" | "rate"> | undefined {
  const refuse = (message: string, cure: string, at: Tree["at"] = tree.at): undefined => {
    reporter.error("rule-extension", message, at, cure);
    return undefined;
  };
  if (action === "block_address") {
    const odd = ["target", "route", "rate", "burst"].find((key) => child(tree, key) !== undefined);
    if (odd === undefined) return {};
    return refuse(`"block_address" takes no "${odd}".`, "Write `action: block` with a `target`.", child(tree, odd)?.at);
  }
  const target = readTarget(tree, field, reporter);
  if (target === undefined) return undefined;
  if (action === "end_session" && !SESSION_KINDS.includes(target))
    return refuse(
      `A session cannot be ended by ${target}.`,
      `Name a field that holds one of: ${SESSION_KINDS.join(", ")}.`,
    );
  const route = child(tree, "route");
  const onRoute =
    route === undefined
      ? undefined
      : readFilledText(route, '"response.route" must be a route such as /login.', tree, reporter);
  if (route !== undefined && onRoute === undefined) return undefined;
  if (onRoute !== undefined && target === "http.route")
    return refuse('"response.route" is said twice.', "Leave out `route`, or name another target.", route?.at);
  const rate = readRate(tree, action, reporter);
  if (rate === null) return undefined;
  return { target, ...(onRoute === undefined ? {} : { route: onRoute }), ...(rate === undefined ? {} : { rate }) };
}

/** What the field holds: said, or clear from the field's name. */
function readTarget(tree: Tree, field: string, reporter: Reporter): GuardTargetKind | undefined {
  const said = child(tree, "target");
  if (said !== undefined) return readChoice(said, "response.target", GUARD_TARGET_KINDS, undefined, reporter);
  const known = GUARD_TARGET_KINDS.find((kind) => kind === field);
  if (known === undefined)
    reporter.error(
      "rule-extension",
      `"response.target" is missing: what the field "${field}" holds.`,
      tree.at,
      `It is one of: ${GUARD_TARGET_KINDS.join(", ")}.`,
    );
  return known;
}

/** The rate of a throttle: `rate: 10/1m` and perhaps `burst: 20`; null, and reported, when it is none or out of place. */
function readRate(tree: Tree, action: ResponseHint["action"], reporter: Reporter): GuardRate | undefined | null {
  const [written, burst] = [child(tree, "rate"), child(tree, "burst")];
  if (action !== "throttle") {
    const odd = written ?? burst;
    if (odd === undefined) return undefined;
    reporter.error("rule-extension", `Only "throttle" has a rate.`, odd.at);
    return null;
  }
  const text = written?.kind === "scalar" && typeof written.value === "string" ? written.value : "";
  const [, limit = "0", span = ""] = /^(\d{1,6})\s*\/\s*(\S+)$/.exec(text.trim()) ?? [];
  const seconds = (parseDuration(/^\d/.test(span) ? span : `1${span}`) ?? 0) / 1_000;
  if (Number(limit) < 1 || seconds <= 0) {
    reporter.error(
      "rule-extension",
      '"response.rate" must say how many requests in what time.',
      written?.at ?? tree.at,
      "Write for instance `rate: 10/1m`.",
    );
    return null;
  }
  if (burst === undefined) return { limit: Number(limit), seconds };
  const atOnce = burst.kind === "scalar" && typeof burst.value === "number" ? burst.value : Number.NaN;
  if (!Number.isInteger(atOnce) || atOnce < 1) {
    reporter.error("rule-extension", '"response.burst" must be a whole number above 0.', burst.at);
    return null;
  }
  return { limit: Number(limit), seconds, burst: atOnce };
}
