import { INDICATOR, type Indicator } from "@vedette/semconv";
import { CHARACTERS as C, kindsOf } from "./character-classes.ts";
import { isCodeInjection } from "./code-injection.ts";
import { isCommandInjection } from "./command-injection.ts";
import { isCrlfInjection } from "./crlf-injection.ts";
import { isCrossSiteScripting } from "./cross-site-scripting.ts";
import { hidesJavaClass } from "./java-names.ts";
import { isJndiLookup } from "./jndi-lookup.ts";
import { isNosqlInjection, isNosqlOperator } from "./nosql-injection.ts";
import { isPathTraversal } from "./path-traversal.ts";
import { isPrototypePollution } from "./prototype-pollution.ts";
import { readBase64 } from "./read-base64.ts";
import { isServerSideRequest } from "./server-side-request.ts";
import { isSqlInjection } from "./sql-injection.ts";
import { isTemplateInjection } from "./template-injection.ts";
import { tellingWords } from "./telling-words.ts";
import { undoObfuscation } from "./undo-obfuscation.ts";
import { isUnsafeDeserialization } from "./unsafe-deserialization.ts";
import { isXmlExternalEntity } from "./xml-external-entity.ts";

interface Detector {
  readonly indicator: Indicator;
  /** The detector is asked when a value has characters of one of these kinds, and of one of the others. */
  readonly one: number;
  readonly other: number;
  readonly detects: (value: string, kinds: number) => boolean;
}

const ANY = ~0;

/** In the order in which findings are told. */
const DETECTORS: readonly Detector[] = [
  { indicator: INDICATOR.sqlInjection, one: ANY, other: ANY, detects: isSqlInjection },
  {
    indicator: INDICATOR.xss,
    one:
      C.angle | C.operator | C.parenthesis | C.colon | C.brace | C.bracket | C.slash | C.lookAlike | C.dot | C.backTick,
    other: ANY,
    detects: isCrossSiteScripting,
  },
  {
    indicator: INDICATOR.pathTraversal,
    one: C.slash | C.step | C.colon | C.control | C.dot,
    other: ANY,
    detects: isPathTraversal,
  },
  {
    indicator: INDICATOR.commandInjection,
    one:
      C.separator |
      C.quote |
      C.backTick |
      C.dollar |
      C.slash |
      C.space |
      C.parenthesis |
      C.angle |
      C.percent |
      C.brace |
      C.colon,
    other: ANY,
    detects: isCommandInjection,
  },
  {
    indicator: INDICATOR.codeInjection,
    one: C.parenthesis | C.dollar | C.angle | C.dot | C.operator | C.bracket | C.underscore,
    other: ANY,
    detects: isCodeInjection,
  },
  {
    indicator: INDICATOR.templateInjection,
    one: C.brace | C.angle | C.bracket,
    other: ANY,
    detects: isTemplateInjection,
  },
  { indicator: INDICATOR.jndiLookup, one: C.colon, other: ANY, detects: isJndiLookup },
  { indicator: INDICATOR.ssrf, one: C.colon | C.slash, other: ANY, detects: isServerSideRequest },
  {
    indicator: INDICATOR.nosqlInjection,
    one: C.dollar | C.parenthesis | C.separator | C.operator,
    other: C.dollar | C.quote | C.dot | C.parenthesis,
    detects: isNosqlInjection,
  },
  { indicator: INDICATOR.xxe, one: C.angle | C.operator, other: C.space | C.colon, detects: isXmlExternalEntity },
  {
    indicator: INDICATOR.prototypePollution,
    one: C.underscores | C.bracket | C.dot,
    other: ANY,
    detects: isPrototypePollution,
  },
  { indicator: INDICATOR.unsafeDeserialization, one: ANY, other: ANY, detects: isUnsafeDeserialization },
  { indicator: INDICATOR.crlfInjection, one: C.lineEnd | C.lookAlike, other: ANY, detects: isCrlfInjection },
];

/** Kinds that no attack can do without one of; a value without any of them is words, numbers, an address or a token. */
const MEANINGFUL =
  C.quote |
  C.backTick |
  C.angle |
  C.separator |
  C.dollar |
  C.brace |
  C.bracket |
  C.parenthesis |
  C.slash |
  C.operator |
  C.colon |
  C.percent |
  C.lookAlike |
  C.step |
  C.comment |
  C.control |
  C.underscores;

/** Names of classes, objects and databases with a dot behind them, and numbers that a database reads as more. */
const DOTTED =
  /\b(?:javax?|org|com|sun|jdk|groovy|document|window|constructor|runtime|processbuilder|process|console)\.|^(?:mysql|master)\.|^\d\.e[.(]|^web-?inf|^\.[a-z]|\.(?:sql|log|ini|bak)\b/i;
const UNDERSCORED =
  /\b(?:[sx]p_[a-z]{3,32}|(?:pg|utl|dbms|msdb|tempdb)_\w|\w{0,3}(?:information_schema|schema_name)|sqlite_|current_user|session_user|system_user|db_name|all_tables|user_tables|child_process|sess_)/i;
const TELLING_TOKEN = /rO0AB|KztAAU|Cs7QAF|^open(?:rowset|datasource)$/i;

/** Shorter tokens than this hide nothing. */
const LONG_TOKEN = 6;

/**
 * Says, from the kinds of characters in a value and nothing else, that it can be no attack; false means that it has to be looked at.
 *
 * @param kinds As `kindsOf` or `kindsOfEncoded` gives them.
 */
export function isHarmlessKind(kinds: number, length: number): boolean {
  return (
    (kinds & (MEANINGFUL | C.space | C.dot | C.upper | C.underscore)) === 0 ||
    (length < LONG_TOKEN && (kinds & MEANINGFUL) === 0)
  );
}

/**
 * Says whether a value is one that nothing more has to be asked about, by its kinds and, where it has dots, underscores or capitals, a look.
 *
 * @param kinds As `kindsOfEncoded` gives them.
 */
export function isPlainEncoded(text: string, start: number, end: number, kinds: number): boolean {
  if ((kinds & MEANINGFUL) !== 0) return false;
  if ((kinds & (C.space | C.tellingWord)) === (C.space | C.tellingWord)) return false;
  if ((kinds & (C.dot | C.underscore | C.upper)) === 0) return true;
  const value = text.slice(start, end);
  return !value.includes("%") && hasNoTellingName(value, kinds) && inspectToken(value, kinds).length === 0;
}

/** Says whether a value with no meaningful character is one that nothing has to be asked about. */
function isPlainText(value: string, kinds: number): boolean {
  if ((kinds & MEANINGFUL) !== 0) return false;
  if ((kinds & C.space) !== 0 && tellingWords(value) !== 0) return false;
  return hasNoTellingName(value, kinds);
}

function hasNoTellingName(value: string, kinds: number): boolean {
  if ((kinds & C.dot) !== 0 && DOTTED.test(value)) return false;
  if ((kinds & C.underscore) !== 0 && UNDERSCORED.test(value)) return false;
  return (kinds & C.upper) === 0 || !TELLING_TOKEN.test(value);
}

/** Says which classes of attack a decoded value shows; of a value that is JSON, what its names and strings show. */
export function inspectValue(value: string): readonly Indicator[] {
  const kinds = kindsOf(value);
  if (isHarmlessKind(kinds, value.length)) return NOTHING;
  if ((kinds & (MEANINGFUL & ~C.operator)) === 0) {
    const hidden = inspectToken(value, kinds);
    if (hidden.length > 0 || isPlainText(value, kinds)) return hidden;
  }
  const texts =
    (kinds & (C.brace | C.bracket)) === 0 || (kinds & (C.quote | C.colon)) === 0 ? undefined : textsOfJson(value);
  if (texts === undefined) return inspectText(value, kinds);
  const indicators = new Set<Indicator>();
  for (const { name, text } of texts) {
    for (const indicator of name ? inspectName(text) : inspectValueInside(text)) indicators.add(indicator);
  }
  return indicators.size === 0 ? NOTHING : [...indicators];
}

const NOTHING: readonly Indicator[] = [];

function inspectValueInside(text: string): readonly Indicator[] {
  const kinds = kindsOf(text);
  if (isHarmlessKind(kinds, text.length)) return NOTHING;
  if ((kinds & (MEANINGFUL & ~C.operator)) === 0) {
    const hidden = inspectToken(text, kinds);
    if (hidden.length > 0 || isPlainText(text, kinds)) return hidden;
  }
  return inspectText(text, kinds);
}

/** What a token shows when it is base64 of a text. */
function inspectToken(value: string, kinds: number): readonly Indicator[] {
  // Base64 of a text has capitals; what has spaces inside is a text itself.
  if ((kinds & C.upper) === 0) return NOTHING;
  const token = (kinds & C.space) === 0 ? value : value.trim();
  const decoded = readBase64(token);
  if (decoded !== undefined) {
    const indicators = inspectText(decoded, kindsOf(decoded));
    if (indicators.length > 0) return indicators;
  }
  return value.length >= LONG_TOKEN - 2 && hidesJavaClass(token) ? [INDICATOR.unsafeDeserialization] : NOTHING;
}

/** Says which classes of attack the name of a parameter, a field or a key shows. */
export function inspectName(name: string): readonly Indicator[] {
  const kinds = kindsOf(name);
  if (isHarmlessKind(kinds, name.length)) return NOTHING;
  const indicators = new Set(inspectValueInside(name));
  if ((kinds & (C.dollar | C.underscores)) !== 0 && isNosqlOperator(name)) indicators.add(INDICATOR.nosqlInjection);
  return [...indicators];
}

/** A value that is itself a name and a value. */
const PAIR = /^\s{0,4}[\w.-]{1,32}=/;

function inspectText(value: string, kinds: number): readonly Indicator[] {
  const indicators: Indicator[] = [];
  detect(value, kinds, indicators);
  if ((kinds & C.operator) !== 0) {
    const name = PAIR.exec(value)?.[0];
    if (name !== undefined) {
      const rest = value.slice(name.length);
      detect(rest, kindsOf(rest), indicators);
    }
  }
  const undone = undoObfuscation(value, kinds);
  if (undone !== value) detect(undone, kindsOf(undone), indicators);
  return indicators;
}

function detect(value: string, kinds: number, indicators: Indicator[]): void {
  for (const { indicator, one, other, detects } of DETECTORS) {
    if ((kinds & one) !== 0 && (kinds & other) !== 0 && !indicators.includes(indicator) && detects(value, kinds))
      indicators.push(indicator);
  }
}

/** The names and strings of a JSON object or array: its quotes and brackets are syntax there, not a way out of something. */
function textsOfJson(value: string): readonly { readonly name: boolean; readonly text: string }[] | undefined {
  if (!/^\s{0,8}[{[]/.test(value) || !/[}\]]\s{0,8}$/.test(value)) return undefined;
  const texts: { name: boolean; text: string }[] = [];
  try {
    JSON.parse(value, function (this: unknown, name, member: unknown) {
      if (name !== "" && !Array.isArray(this)) texts.push({ name: true, text: name });
      if (typeof member === "string") texts.push({ name: false, text: member });
      return member;
    });
  } catch {
    return undefined;
  }
  return texts;
}
