import { CHARACTERS as C, kindsOf } from "./character-classes.ts";
import { isSqlFragment, isSqlFragmentText } from "./sql-fragments.ts";
import { tokeniseSql, type SqlTokens } from "./sql-tokens.ts";
import { tellingWords, WORDS } from "./telling-words.ts";

/** Signs of SQL; without any of them it takes words. */
const SIGNS =
  C.quote |
  C.backTick |
  C.separator |
  C.comment |
  C.operator |
  C.angle |
  C.at |
  C.parenthesis |
  C.lookAlike |
  C.underscore |
  C.dot;

const BEYOND_PROSE =
  (SIGNS & ~(C.quote | C.separator | C.dot)) |
  C.slash |
  C.percent |
  C.control |
  C.lineEnd |
  C.colon |
  C.brace |
  C.bracket |
  C.dollar;
const QUOTE_BESIDE_OPERATOR = /['"]\s{0,4}[-;|&]|[-;|&]\s{0,4}['"]|^\s{0,4}['"]|['"]\s{0,4}$|['"]\s{0,4}\d/;

/**
 * Says whether a value changes the meaning of an SQL statement that it is put into: on its own (as a number is), or after closing a
 * single-quoted or double-quoted string. Works on token shapes, so that spacing, case and comments do not matter.
 *
 * @param kinds Of the value, as `kindsOf` gives them.
 */
export function isSqlInjection(value: string, kinds: number = kindsOf(value)): boolean {
  if (value.length < 3) return false;
  const words = tellingWords(value);
  if ((kinds & SIGNS) === 0 && (words & WORDS.sql) === 0) return false;
  // Apostrophes of a sentence: no word of SQL, no sign but quotes, and none of those beside an operator.
  if ((kinds & BEYOND_PROSE) === 0 && (words & WORDS.sql) === 0 && !QUOTE_BESIDE_OPERATOR.test(value)) return false;
  if (isSqlFragmentText(value, kinds, words)) return true;
  if (isInjectedStatement(tokeniseSql(value, ""), "")) return true;
  if ((kinds & (C.quote | C.backTick)) === 0) return false;
  if (value.includes("'") && isInjectedStatement(tokeniseSql(value, "'"), "'")) return true;
  if (value.includes('"') && isInjectedStatement(tokeniseSql(value, '"'), '"')) return true;
  return value.includes("`") && isInjectedStatement(tokeniseSql(value, "`"), "`");
}

/** Shapes that are attacks wherever they stand; `shape` has its brackets. Quantifiers are bounded and do not nest. */
const ANYWHERE: readonly RegExp[] = [
  // union [all|distinct] select something
  /U[kcx]{0,3}[(x]{0,40}S[kx(&a]{0,40}(?:[nsvlfHca*K?]|w[,.FaO]|S)/,
  /[nsvl)]U[kcx]{0,3}\(*S$/,
  /U[kcx]{0,3}\(S/,
  // (select … : nobody brackets an imperative
  /\([(x]{0,20}S[kx(&a]{0,20}(?:[nsvlfHa*KS]|w[,.F()aO])/,
  // select … from
  /(?:^|[;),nslv&ao])[kx]?S[kx(&a]{0,20}(?:[nsvlfH*a]|w[,.])[^;]{0,200}F[(x]{0,9}[wHfs?(]/,
  /S[kx(]{0,9}(?:w,|w\.)?[w]F[wH](?:[WO,.c;)(]|$)[^w]/,
  // select @@version, select function()
  /S[kx(]{0,9}(?:v|H\()/,
  /[s;]S[(-]{0,9}(?:n|s|l|K|f\()/,
  // stacked: ; statement
  /;[(]{0,9}S[kx(]{0,9}[nsvlfH*K]/,
  // where 1=1
  /W[(xk]{0,20}[nsvlfHw][^,;FWO]{0,40}o[(]{0,9}[nsvlfH][^w]/,
  /W[(xk]{0,20}[nsvlH][)]{0,9}o[(]{0,9}[nsvlH]/,
  // (1=1)*1 , iif(1=1, , elt(1=1,
  /^\(no[n]\)[a*]n?$|H\(non[,)]/,
  // a bracketed expression and a comment
  /^\([nsvlfHkaow&*()]{1,80}\)c$/,
  // case when … then
  /K[^;]{0,12}K[^;]{0,80}K[^;]{0,80}K/,
];

const STACKED = new Set([
  "drop",
  "create",
  "alter",
  "truncate",
  "insert",
  "delete",
  "update",
  "exec",
  "execute",
  "declare",
  "shutdown",
  "waitfor",
  "call",
  "begin",
  "if",
  "grant",
  "copy",
  "set",
  "merge",
]);
const OBJECTS = new Set([
  "table",
  "database",
  "view",
  "function",
  "procedure",
  "user",
  "login",
  "index",
  "trigger",
  "schema",
  "role",
  "alias",
  "temp",
  "temporary",
]);

const COLUMN_TYPES =
  /^(?:n?(?:var)?char|int|integer|bigint|tinyint|table|cursor|sysname|datetime|float|bit|as|uniqueidentifier)$/;

/** Operand of an expression, without its brackets. */
const OPERAND = "[fH]{0,6}[nsvlfH]";

/** Shapes with brackets removed. */
const CONDITION = new RegExp(
  `[nsvl?HfwO)]&{1,4}[kx]{0,2}a{0,4}${OPERAND}(?:a{1,4}[nsvlfHw]){0,20}k?o{1,2}[&kx]{0,2}a{0,4}[nsvlfHwS]`,
);
const NULL_CONDITION = /[nsvl]&{1,2}wok?l/;
const WORD_CONDITION = new RegExp(`[nsvlH]&{1,4}a{0,4}[w](?:\\.w)?o[&]?(?:${OPERAND}|w(?:[&c]|$))`);

function isInjectedStatement(tokens: SqlTokens, quote: string): boolean {
  const { shape, texts } = tokens;
  if (shape.length < 2) return false;
  if (!isTelling(shape))
    return tokens.inlineComments > 0 || shape.includes("kk") || !isProse(shape, quote)
      ? decideWeak(tokens, quote)
      : false;
  if (ANYWHERE.some((pattern) => pattern.test(shape))) return true;
  if (isSqlFragment(tokens, quote)) return true;
  if (namesAttack(tokens) || /x[USDFW&O]/.test(shape)) return true;
  if (stacksStatement(tokens)) return true;
  const flat = shape.replaceAll(/[()x]/g, "").replaceAll(/s{2,}/g, "s");
  if (CONDITION.test(flat) || NULL_CONDITION.test(flat)) return true;
  if (quote === "") return standsAsExpression(flat, texts);
  return WORD_CONDITION.test(flat) || leavesString(tokens, flat, quote);
}

/** Tokens that every statement, clause and comparison has one of. */
const TELLING = new Set([..."oUSDFWOKHxcv;"].map((letter) => letter.charCodeAt(0)));

function isTelling(shape: string): boolean {
  for (let index = 0; index < shape.length; index++) if (TELLING.has(shape.charCodeAt(index))) return true;
  return false;
}

/** Two words in a row after an apostrophe, or nothing but words: a sentence, where no token says otherwise. */
function isProse(shape: string, quote: string): boolean {
  return quote === "" ? !/^[&nvl]|\($|^na/.test(shape) : shape[1] === "w";
}

/** What is left to decide by without a statement, clause or comparison. */
function decideWeak(tokens: SqlTokens, quote: string): boolean {
  if (isSqlFragment(tokens, quote) || (tokens.shape.includes("kk") && namesAttack(tokens))) return true;
  const flat = tokens.shape.replaceAll(/[()x]/g, "").replaceAll(/s{2,}/g, "s");
  return quote === "" ? standsAsExpression(flat, tokens.texts) : leavesString(tokens, flat, quote);
}

/** Attack functions called, and names that are proof by themselves when anything of SQL is around. */
function namesAttack({ shape, texts }: SqlTokens): boolean {
  let calls = 0;
  for (let at = shape.indexOf("H"); at >= 0; at = shape.indexOf("H", at + 1)) {
    const name = texts[at] ?? "";
    const called = shape[at + 1] === "(";
    if (!called && shape.length > 1 && /[SFU.,W(x]/.test(shape)) return true;
    if (!called) continue;
    if (/^(?:sleep|pg_sleep|benchmark)$/.test(name) && /^\([(a]{0,5}[nfH]/.test(shape.slice(at + 1))) return true;
    if (
      /^(?:extractvalue|updatexml|load_file|xmltype|dbms_\w+|utl_\w+|randomblob|xp_\w+|sp_\w+|make_set|json_keys|gtid_\w+|generate_series|regexp_substring|crypt_key|filetoblob|pg_\w+|lo_\w+|jsonb?_\w+|sqlite_\w+|unistr|starts_with|find_in_set|current_setting|coercibility|quote_literal|string_agg|group_concat)$/.test(
        name,
      )
    )
      return true;
    calls++;
  }
  if (
    /v/.test(shape) &&
    texts.some((text) => /^@@(?:version|hostname|datadir|basedir|global|servername|tmpdir)/.test(text))
  )
    return true;
  if (
    shape.includes("kk") &&
    texts.some(
      (text, at) =>
        text === "into" && /^(?:outfile|dumpfile)$/.test(texts[at + 1] ?? "") && /[(sfH]/.test(shape[at + 2] ?? ""),
    )
  )
    return true;
  if (
    /;ww/.test(shape) &&
    texts.some((text, at) => text === ";" && texts[at + 1] === "load" && /^(?:data|xml)$/.test(texts[at + 2] ?? ""))
  )
    return true;
  if (/Dv[wfk]/.test(shape) && texts.some((text, at) => text === "declare" && COLUMN_TYPES.test(texts[at + 2] ?? "")))
    return true;
  if (shape.includes("D") && /Dks/.test(shape) && texts.includes("waitfor")) return true;
  // One such call in a bracketed expression with an operator, or two: "ascii(substring(".
  return (
    calls >= 2 ||
    (calls === 1 && (/H\((?:H|v|\(?S|n[,)])|f\({1,4}(?:n,)?H\(\)/.test(shape) || /[&aonsv]H\(|\)[ao&]/.test(shape)))
  );
}

function stacksStatement({ shape, texts }: SqlTokens): boolean {
  for (let at = shape.indexOf("D"); at >= 0; at = shape.indexOf("D", at + 1)) {
    const word = texts[at] ?? "";
    const before = shape[at - 1] ?? "";
    const first = shape[at + 1] ?? "";
    const firstText = texts[at + 1] ?? "";
    const follows = /[;sn)lD?x]/.test(before) || before === "";
    if (!STACKED.has(word)) continue;
    if (
      (word === "insert" || word === "merge") &&
      firstText === "into" &&
      /^[wHfs](?:\.[wHfs])?[(Skx]/.test(shape.slice(at + 2))
    )
      return true;
    if (
      word === "delete" &&
      first === "F" &&
      /^[wH](?:[Wc;.]|$)/.test(shape.slice(at + 2)) &&
      (before === ";" || /W|c/.test(shape))
    )
      return true;
    if (
      word === "update" &&
      /^(?:[wHs]\.?){1,3}D/.test(shape.slice(at + 1)) &&
      texts.includes("set") &&
      shape.includes("o")
    )
      return true;
    if (
      ["drop", "create", "alter", "truncate"].includes(word) &&
      (OBJECTS.has(firstText) || (word === "create" && firstText === "or")) &&
      (before === ";" || (follows && before !== "") || ["c", ";"].includes(shape.at(-1) ?? ""))
    )
      return true;
    if (
      word.startsWith("exec") &&
      follows &&
      (/^(?:xp_|sp_|master)/.test(firstText) || (first === "(" && /[sv]/.test(shape[at + 2] ?? "")))
    )
      return true;
    if (before === ";" && word === "shutdown" && /^(?:c|k?$)/.test(shape.slice(at + 1))) return true;
    if (before === ";" && (word === "if" || word === "call") && /^(?:\(|[wfH]\(|&\()/.test(shape.slice(at + 1)))
      return true;
    if (before === ";" && word === "begin" && /H/.test(shape)) return true;
    if (word === "waitfor" && firstText === "delay") return true;
  }
  return false;
}

const CONTINUED_EXPRESSION = /^s\)*(?:[oa&*][oa&*(k]{0,8}[nsvlwfH?][()]{0,8}){1,40}c?$/;

const PHRASE = /\s/;

/** What follows a closed string decides: a comment, an operator with an operand, a clause. */
function leavesString({ shape, texts, openQuote }: SqlTokens, flat: string, quote: string): boolean {
  const opening = (texts[0] ?? "").trimStart();
  const last = (texts.at(-1) ?? "").trimEnd();
  // Calls are operands like any other.
  const called = flattenCalls(shape);
  // ' or 1 -- , ' or '1
  if (/^s&{1,3}[ak]{0,3}[nvlHf](?:[ac&;,)]|$)/.test(flat)) return !PHRASE.test(opening.trim()) || flat.endsWith("c");
  if (/^s[&]{1,3}s(?:$|[oa&c])/.test(flat)) {
    const second = texts[shape.indexOf("s", 1)] ?? "";
    return second !== "" && !PHRASE.test(second) && !PHRASE.test(texts[0] ?? "");
  }
  // admin'-- , admin')#
  if (/^s\)*;?c$/.test(shape)) {
    const remainder = last.replace(/^(?:--|#|\/\*)/, "");
    return (
      !PHRASE.test(opening.trim()) && !/[a-z]{3}/i.test(remainder) && !(last.startsWith("#") && /\d/.test(remainder))
    );
  }
  // a'|b&&'c , a' - b or c -- : operators and operands in turn, up to the application's own quote or a comment. Prose has two words in a row.
  if (CONTINUED_EXPRESSION.test(called) && texts[1] !== "~") {
    const nothingLeft = last === "" && called.length > 3 && /[o&kl]|[|^]/.test(called.replaceAll("a", bitwise(texts)));
    const ended = shape.endsWith("c") || (openQuote === quote && (last === "" ? nothingLeft : !PHRASE.test(last)));
    if (ended && !PHRASE.test(opening) && opening.length < 64 && (shape.length > 3 || last.length < 32)) return true;
  }
  // '=' , '-' , a' like 'b
  if (/^s[oa]s$/.test(shape) && openQuote === quote)
    return !PHRASE.test(texts[0] ?? "") && !PHRASE.test(texts.at(-1) ?? "") && opening.length < 32 && last.length < 32;
  if (/^s(?:[oa][sn]){2,}$/.test(flat) && openQuote === quote) return !PHRASE.test(opening);
  if (/^s[oa]{1,4}[&a]{0,3}[nvlHf](?:[oa&c;]|$)/.test(flat))
    return /[&co]/.test(flat.slice(2)) && !PHRASE.test(opening.trim());
  // ' order by 1 , ' having 1=1 , ' group by
  if (/^s\)*O[kn]?[nfHlw(]/.test(shape))
    return /^s\)*Ok[nH(fw]/.test(shape) ? /[nc(,]/.test(shape.slice(2)) : /[oc&]/.test(shape.slice(2));
  if (/Okn(?:,n){0,40}c$/.test(flat)) return true;
  // ') in boolean mode , ' is null
  return /^s\)*ok?l/.test(shape) && /c$|&/.test(shape);
}

function flattenCalls(shape: string): string {
  return shape.replaceAll(/[fH]\([^()]{0,20}\)/g, "n");
}

/** `|` where there is an operator that no text puts between strings. */
function bitwise(texts: readonly string[]): string {
  return texts.some((text) => text === "|" || text === "^" || text === "/") ? "|" : "";
}

/** Without a quote to close, only expressions that a number is extended with are left. */
function standsAsExpression(flat: string, texts: readonly string[]): boolean {
  // 1 order by 3 , 1 group by 2 having 1=1
  if (/[nlv]Ok(?:n(?:[,c;]|$)|H|.{0,6}Oa{0,2}[nslv]o)/.test(flat)) return true;
  if (/[nlvs]Oa{0,2}[nslvf]o[nslvf]/.test(flat)) return true;
  if (texts.includes("procedure") && texts.includes("analyse")) return true;
  // 1 or true -- , 1 || 1
  if (/^[nlv]&{1,2}k?[nlv]c$/.test(flat)) return true;
  if (/^[nv]&{1,2}k?[lv]$/.test(flat)) return true;
  return false;
}
