import { CHARACTERS as C } from "./character-classes.ts";
import type { SqlTokens } from "./sql-tokens.ts";
import { WORDS } from "./telling-words.ts";

const OPERATOR_WORDS =
  "and|or|xor|div|mod|like|rlike|regexp|is|is\\s+not|not\\s+(?:like|rlike|regexp)|sounds\\s+like|in|between";
const BETWEEN = `'\\s{0,4}(?:${OPERATOR_WORDS}|[-+*/%&|^<>=!~]{1,3})\\s{0,4}'`;
/** Two strings of the application's own put together by an operator that came in between: `'OR'`, `a '<=>' b`. */
const BETWEEN_STRINGS = new RegExp(
  `^\\s{0,4}(?:${BETWEEN}|\\w{1,12}\\s{0,2}${BETWEEN}\\s{0,2}\\w{1,12})\\s{0,4}$`,
  "i",
);
/** Type casts and JSON operators as PostgreSQL writes them. */
const CAST =
  /(?:[)\]'"]|current_user|password|version)\s{0,4}::\s{0,4}(?:text|int\d?|integer|bigint|smallint|numeric|float\d?|double\s|real|bool(?:ean)?|jsonb?|date|timestamp\w{0,2}|varchar|char|uuid|bytea|regclass|xml|money)\b/i;
const JSON_OPERATOR =
  /[)\w\]]\s{0,4}(?:->>?|#>>?|@>|<@|\?[|&]?|@@|@\?|#-)\s{0,4}(?:'[{[$]|array\s{0,2}\[|'[\w$.[\]{},]{1,40}'\s{0,4}(?:[=<>?]|$|\))|\d{1,4}\s{0,4}=)|'[{[][^']{0,200}'\s{0,4}(?:\?[|&]?|->>?|#>>?|@>|<@|@@|@\?|#-|<|>|-|\|\|)\s{0,4}(?:'|array\s{0,2}\[|\d)/i;
/** Statements cut off where the application's own goes on. */
const CUT_OFF =
  /[)`\d]\s{0,12}as\s{1,8}["'`]?\w{0,40}["'`]?\s{1,8}from\s{0,4}$|^\d{0,4}\s{0,4}as["']\s{1,4}from\s{0,4}$|\bexecute\s{1,8}immediate\s{0,4}["'(:]|\blike\s{1,4}['"]%?\s{0,4}$|\bselect\s{1,8}(?:pg_sleep|sleep|benchmark|current_user|@@\w{1,20})\s{0,4}$|;\s{0,4}exec(?:ute)?\s{1,4}as\s{1,4}(?:login|user)\b|\bdelete\s{1,4}(?:low_priority|quick|ignore)\s{1,4}from\b|\bfrom\s{1,8}`\w{1,64}`(?:\s{0,4}\.\s{0,4}`\w{1,64}`)?|\balter\s{1,8}table\s{1,8}(?:`\w{1,64}`|["[]?\w{1,64}["\]]?\s{1,8}(?:add|change|drop|modify|rename)\b)|\bwhere\s{1,8}\w{1,40}\s{0,4}=\s{0,4}['"]?\s{0,4}$|\bselect\s{1,8}\(?\s{0,4}case\b|\bunion(?:\s|\/\*\*\/){1,8}(?:all|distinct)?(?:\s|\/\*\*\/){0,8}select\b|^\W{0,4}union\s{1,4}select\s{0,4}$|\bmatch\b.{1,40}\bagainst\s{0,4}\(|\bcha?r\(\d{1,3}\).{0,20}\bcha?r\(\d|;\s{0,4}shutdown\b|--\s{0,4}sp_password|\b(?:current_user|session_user|system_user|localtime)\s{0,4}[=<>*]|^\s{0,4}\d{1,9}\s{0,4}(?:!=|<>|=)\s{0,4}\d{1,9}\s{0,4}(?:--|#)|\bbetween\s{1,4}.{1,20}\s{1,4}and\s{1,4}\S{1,20}\s{0,4}(?:--|#)/i;
/** The number that several databases read as the beginning of an expression. */
const ODD_NUMBER = /(?:^|[\s,(`.])\d{1,3}\.?e(?:\(|\.[a-z_`])/i;
/** Identifiers of databases' own catalogues and procedures: nobody has such a word to send. */
const SYSTEM_NAME =
  /^\s{0,4}["'`]?(?:information_schema(?:\.\w{1,40})?|pg_catalog|pg_(?:user|shadow|tables|database)|schema_name|tempdb|msdb|master\.\.\w{1,40}|mysql\.(?:db|user)|sys(?:objects|columns|users|databases|logins)|sqlite_(?:master|schema)|(?:xp|sp)_[a-z]{4,32}|utl_(?:http|inaddr|file)|dbms_\w{3,24}|openrowset|opendatasource|msdasql|sqloledb|msysaccessobjects|all_tables|user_tables|db_name|northwind)["'`]?\s{0,4}\(?\s{0,4}$/i;

/** Functions of databases that are also words or abbreviations: told by a bracket that is never closed. */
const FUNCTIONS = new Set(
  (
    "abs ascii avg benchmark bin cast ceil char chr coalesce compress concat concat_ws conv convert cos count current_date current_user database date day decode default degrees elt encode " +
    "encrypt exp extractvalue field floor format hex if ifnull insert instr isnull last_insert_id lcase left length ln load_file local localtime locate log lower lpad ltrim max md5 mid min minute " +
    "mod month now nullif ord password pi pow quarter quote radians rand repeat replace reverse right round rpad rtrim schema second session_user sha1 sign sin sleep space sqrt strcmp substr " +
    "substring sum sysdate system_user tan time timestamp trim truncate ucase uncompress unhex updatexml upper user uuid_short validate_password_strength var_pop var_samp variance stddev std week weekday weekofyear yearweek to_days to_seconds to_base64 from_base64 from_days from_unixtime unix_timestamp subdate subtime sec_to_time time_to_sec timediff timestampadd timestampdiff str_to_date soundex sha sha2 row_count release_lock get_lock is_free_lock is_used_lock period_add period_diff quarter oct octet_length make_set makedate maketime master_pos_wait name_const not_in nullif localtimestamp inet_aton inet_ntoa inet6_aton json_extract interval hour group_concat greatest least found_rows format_bytes find_in_set export_set datediff date_add date_sub date_format dayname dayofmonth dayofweek dayofyear des_decrypt des_encrypt crc32 cot convert_tz connection_id collation coercibility charset character_length char_length ceiling bit_and bit_or bit_xor bit_length bit_count atan atan2 asin acos addtime adddate aes_decrypt aes_encrypt any_value power pg_sleep randomblob rank regexp_instr regexp_like regexp_replace regexp_substr schema session_user sysdate truncate ucase upper utc_date utc_time uuid values version week year xmltype db_name"
  ).split(" "),
);

/** Two numbers compared that are the same, or said to be different. */
const TAUTOLOGY =
  /(?:^|[\s,(])(\d{1,9})\s{0,4}=\s{0,4}\1(?:$|[\s,)])|^\s{0,4}\d{1,9}\s{0,4}(?:!=|<>)\s{0,4}\d{1,9}\s{0,4}$/;
/** What may stand beside a comparison that is always true: whoever searches for "1=1 mug" has other words. */
const SQL_WORDS_ONLY =
  /^(?:[\W\d_]|\b(?:and|or|xor|not|having|where|when|then|else|end|case|if|iif|elt|null|true|false|union|select|limit|order|group|by|like|is|in|exists|from|dual)\b)*$/i;
const OPENED = /^\s{0,4}([a-z_]\w{1,20})[^\w()]{0,8}\(\s{0,4}$/i;

const COMPARED_SHORT = 40;

/** Fragments of statements that are known by their text. */
export function isSqlFragmentText(value: string, kinds: number, words: number): boolean {
  if (value.length <= COMPARED_SHORT) {
    if ((kinds & C.quote) !== 0 && BETWEEN_STRINGS.test(value)) return true;
    if ((kinds & (C.operator | C.angle)) !== 0 && isTautology(value)) return true;
    if ((kinds & C.parenthesis) !== 0 && opensFunction(value)) return true;
  }
  if ((kinds & C.colon) !== 0 && CAST.test(value)) return true;
  if ((kinds & (C.angle | C.at | C.operator | C.comment)) !== 0 && JSON_OPERATOR.test(value)) return true;
  if (((words & WORDS.sql) !== 0 || (kinds & (C.operator | C.angle)) !== 0) && CUT_OFF.test(value)) return true;
  if ((kinds & (C.dot | C.parenthesis)) !== 0 && ODD_NUMBER.test(value)) return true;
  return value.length <= COMPARED_SHORT && SYSTEM_NAME.test(value);
}

function isTautology(value: string): boolean {
  const found = TAUTOLOGY.exec(value);
  return (
    found !== null &&
    SQL_WORDS_ONLY.test(value.slice(0, found.index) + " " + value.slice(found.index + found[0].length))
  );
}

function opensFunction(value: string): boolean {
  const name = OPENED.exec(value)?.[1]?.toLowerCase();
  return name !== undefined && (name === "in" || FUNCTIONS.has(name));
}

const BARE_COMMENT = /^(?:--|#|\/\*)[-#+*; a]{0,8}$/;
const PHRASE = /\s/;

/** Shapes of fragments, wherever they stand. */
const SHAPES: readonly RegExp[] = [
  // is null , like null
  /^ol$/,
  // having count(x) > 5
  /O[fH]\([^)]{0,8}\)o/,
  /\)K[nwsvl]{1,4}K/,
  /^\)o\($/,
  /^[fkD]\(no$/,
  /^U(?:k|f)\([^)]{1,40}\)/,
  // from a.b limit , from a group by
  /^F(?:[ws]\.?){1,3}O/,
  /^D[(]*v$/,
  /;Dw\([w,]{1,40}\)/,
  /^Dw;?c$/,
  // -1 union
  /^[ac]?n(?:an){0,4}U[kc]{0,3}$/,
  // 1 or (1 or 1) --
  /^n(?:&\(*n\)*){1,8}c/,
  // 1 or name like '%' , 1 and current_user = f()
  /^[nvl]&w(?:\.w)?o(?:s|f\()/,
  // ;if exists ( , ;while 1=1 , ;begin shutdown end
  /;D(?:k\(|no|DK|DD)/,
  /^S[fH]\([ns]\)c?$/,
  // id having (true or 1)
  /O\([lnv]&/,
  // 1 - ord('a')
  /^na[fH]\([sn]\)$/,
  // in (1, 2)
  /^o\(a?n(?:,a?n){1,40}\)?$/,
  // ;set @x , ;select , ;update users
  /^;(?:D[vwk]|[SU])/,
  // 1='1' or -- , or 1# , xor 5-
  /[ns]o[ns]&c$/,
  /^&n[caok]$/,
  // 'a' = 1, (5) : a list goes on behind a comparison
  /^wos,(?:n|\(n\))$/,
  // exec ( @
  /^D\($/,
  // 1) from users where
  /^n\)FwW/,
];

/** Fragments of statements that are known by the shape of their tokens. */
export function isSqlFragment({ shape, texts, openQuote, inlineComments }: SqlTokens, quote: string): boolean {
  if (quote === "" && SHAPES.some((pattern) => pattern.test(shape))) return !isWordyCall(shape, texts);
  if (quote === "" && (comparesFirst(shape, texts) || choosesByCase(shape, texts))) return true;
  const last = texts.at(-1) ?? "";
  // A function whose bracket is never closed, with next to nothing before it.
  if ((shape.length <= 4 || shape.startsWith("S")) && /[fHSDok&K]\($/.test(shape) && FUNCTIONS.has(texts.at(-2) ?? ""))
    return true;
  // Comments in the place of spaces.
  if (inlineComments > 0 && /[USD].{0,20}[FSk]|[nsv][&U]/.test(shape)) return true;
  if (quote === "") {
    // 1 -- , 1 * 1 /* , @version --
    if (/^a?[nv](?:[a*]n){0,4}c$/.test(shape)) return /^(?:--|\/\*)\s{0,4}$/.test(last);
    // 'x' != 'y
    return /^s(?:o|k?o)s$/.test(shape) && openQuote !== "" && !PHRASE.test(texts[0] ?? "") && !PHRASE.test(last);
  }
  return continuesString(shape, texts, last);
}

const CONNECTED = /^[kx]?&[(k]{0,8}[nvwlfsH](?:\.[wH])?(?:[(),nwsv]{0,8}\))?k?o/;

/** Begins with a connective and goes on with a comparison: `and deleted = 0)`; "and it is …" compares with no value. */
function comparesFirst(shape: string, texts: readonly string[]): boolean {
  const length = CONNECTED.exec(shape)?.[0].length;
  if (length === undefined) return false;
  return !/^[a-z]/.test(texts[length - 1] ?? "") || /[nsl(]/.test(shape[length] ?? "");
}

/** `case when … then`, in this order. */
function choosesByCase(shape: string, texts: readonly string[]): boolean {
  if (!/(?:^|[(,&oS])K[^;]{0,12}K[^;]{1,80}K/.test(shape)) return false;
  const first = texts.indexOf("case");
  const when = texts.indexOf("when", first);
  return first >= 0 && when > first && when - first <= 13 && texts.indexOf("then", when) > when;
}

function isWordyCall(shape: string, texts: readonly string[]): boolean {
  return (
    (/^S[fH]\(/.test(shape) && !FUNCTIONS.has(texts[1] ?? "")) ||
    (/^na[fH]\(/.test(shape) && !FUNCTIONS.has(texts[2] ?? ""))
  );
}

const COLLATION = /^(?:nocase|binary|rtrim|default|utf8|utf16|ucs2|latin\d|ascii|cp\d|[\\u]|\w+_(?:ci|cs|bin)$)/;

/** What follows a string that the value closed. */
function continuesString(shape: string, texts: readonly string[], last: string): boolean {
  const opening = texts[0] ?? "";
  if (PHRASE.test(opening.trim()) || opening.length > 64) return false;
  // x'collate nocase-- , ' notnull -- , id'not like id--
  if (texts[1] === "~" || (texts[1] === "collate" && !COLLATION.test(texts[2] ?? ""))) return false;
  if (shape.endsWith("c") && BARE_COMMENT.test(last) && shape.length <= 20 && /^s[ko&OlaUSD;].{0,16}c$/.test(shape))
    return true;
  // ' or xyz- , ' xor 123> , ' or 1=
  if (/^s&k?[wnlv][aok]$/.test(shape) || /^s&\(*[nvw]o\(?$/.test(shape) || /^s&[wn][a*]n$/.test(shape)) return true;
  // admin';
  if (/^s;$/.test(shape) && opening !== "" && /^[\w.@-]{1,64}$/.test(opening)) return true;
  // ';select p , 'union a , 'alter a
  if (/^s;?[SU][wknaH*/]?.{0,2}$/.test(shape)) return true;
  return (
    /^s;?D[wa]?$/.test(shape) &&
    /^(?:alter|drop|delete|insert|update|exec|execute|truncate|shutdown|declare|print|create)$/.test(
      texts.find((_text, at) => shape[at] === "D") ?? "",
    )
  );
}
