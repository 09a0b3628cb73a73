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
import { undoObfuscation } from "./undo-obfuscation.ts";
import { isUnsafeDeserialization } from "./unsafe-deserialization.ts";
import { isXmlExternalEntity } from "./xml-external-entity.ts";

interface Detector {
  readonly indicator: Indicator;
  /** The detector is asked when a value has characters of each of these sets. */
  readonly needs: readonly number[];
  readonly detects: (value: string) => boolean;
}

/** In the order in which findings are told. */
const DETECTORS: readonly Detector[] = [
  {
    indicator: INDICATOR.sqlInjection,
    needs: [~0],
    detects: isSqlInjection,
  },
  {
    indicator: INDICATOR.xss,
    needs: [
      C.angle | C.quote | C.operator | C.parenthesis | C.colon | C.brace | C.separator | C.slash | C.lookAlike | C.dot,
    ],
    detects: isCrossSiteScripting,
  },
  {
    indicator: INDICATOR.pathTraversal,
    needs: [C.slash | C.step | C.colon | C.control | C.dot],
    detects: isPathTraversal,
  },
  {
    indicator: INDICATOR.commandInjection,
    needs: [
      C.separator | C.quote | C.dollar | C.slash | C.space | C.parenthesis | C.angle | C.percent | C.brace | C.colon,
    ],
    detects: isCommandInjection,
  },
  {
    indicator: INDICATOR.codeInjection,
    needs: [C.parenthesis | C.dollar | C.angle | C.dot | C.quote | C.operator | C.bracket],
    detects: isCodeInjection,
  },
  {
    indicator: INDICATOR.templateInjection,
    needs: [C.brace | C.angle | C.bracket | C.comment],
    detects: isTemplateInjection,
  },
  { indicator: INDICATOR.jndiLookup, needs: [C.colon], detects: isJndiLookup },
  {
    indicator: INDICATOR.ssrf,
    needs: [C.colon | C.slash],
    detects: isServerSideRequest,
  },
  {
    indicator: INDICATOR.nosqlInjection,
    needs: [C.dollar | C.parenthesis | C.separator | C.operator],
    detects: isNosqlInjection,
  },
  { indicator: INDICATOR.xxe, needs: [C.angle | C.operator, C.space | C.colon], detects: isXmlExternalEntity },
  {
    indicator: INDICATOR.prototypePollution,
    needs: [C.underscores | C.bracket | C.dot],
    detects: isPrototypePollution,
  },
  {
    indicator: INDICATOR.unsafeDeserialization,
    needs: [~0],
    detects: isUnsafeDeserialization,
  },
  { indicator: INDICATOR.crlfInjection, needs: [C.separator | C.lookAlike], detects: isCrlfInjection },
];

/** Kinds that no attack can do without one of; a value without any of them is words, numbers, an address or a token. */
const MEANINGFUL =
  C.quote |
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

/** Words that are SQL, a command or code without any sign between them, and the names of classes. */
const TELLING =
  /\b(?:union|select|having|order|group|waitfor|into|or|and|xor|div|like|rlike|regexp|null|between|exec|execute|drop|insert|delete|update|truncate|alter|create|declare|begin|shutdown|sounds|collate|sleep|alias|bash|sh|zsh|ping\d?|nc|ncat|curl|wget|cat|ls|id|time|strace|nohup|env|find|ansible|chef|cscli|dd|perf|cpulimit|if|for|python|perl|java|javax|org|com|runtime|processbuilder|sun|backup|[sx]p_[a-z]{3,32})\b|^set\s+[-+]o|ro0ab|kztaau|cs7qaf|\b\w{0,3}(?:information_schema|schema_name)|\b(?:document|window|constructor)\.|\bcase\s+when\b|\b(?:pg|utl|dbms|msdb|tempdb)_|\bopenrowset\b|^web-?inf|^(?:mysql|master)\.|^\d\.e[.(]/i;

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

/** Says whether a value with no meaningful character but spaces and dots is one that nothing has to be asked about. */
function isPlainText(value: string, kinds: number): boolean {
  if ((kinds & MEANINGFUL) !== 0) return false;
  return !TELLING.test(value);
}

/** Says which classes of attack a decoded value shows; of a value that is JSON, what its names and strings show. */
export function inspectValue(value: string): readonly Indicator[] {
  const kinds = kindsOf(value);
  if (isHarmlessKind(kinds, value.length)) return NOTHING;
  if ((kinds & (MEANINGFUL & ~C.operator)) === 0) {
    const hidden = inspectToken(value);
    if (hidden.length > 0 || isPlainText(value, kinds)) return hidden;
  }
  const texts = (kinds & (C.brace | C.bracket)) === 0 ? undefined : textsOfJson(value);
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
    const hidden = inspectToken(text);
    if (hidden.length > 0 || isPlainText(text, kinds)) return hidden;
  }
  return inspectText(text, kinds);
}

/** What a token shows when it is base64 of a text. */
function inspectToken(value: string): readonly Indicator[] {
  const token = value.trim();
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
  if ((kinds & C.dollar) !== 0 && isNosqlOperator(name)) indicators.add(INDICATOR.nosqlInjection);
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
  for (const { indicator, needs, detects } of DETECTORS) {
    if (needs.every((need) => (kinds & need) !== 0) && !indicators.includes(indicator) && detects(value))
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
