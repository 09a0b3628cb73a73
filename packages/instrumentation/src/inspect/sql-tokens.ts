/* oxlint-disable no-control-regex -- control characters are what attackers put in, and what has to be matched. */
/**
 * Splits text into SQL tokens the way a lenient database would, whatever dialect. Each token is one letter:
 *
 * `s` string · `n` number · `v` variable · `l` null, true, false · `w` bare word · `f` word before `(` · `H` function or object that only
 * attacks name · `&` and/or/xor, `&&`, `||` · `o` comparison · `a` arithmetic · `U` union · `S` select · `D` another statement ·
 * `F` from · `W` where · `O` order/group by, having, limit · `K` case/when · `k` other keyword · `c` comment · `x` evil comment ·
 * `(` `)` `,` `;` `.` `*` themselves · `?` anything else
 */
export interface SqlTokens {
  /** One letter a token. */
  readonly shape: string;
  /** The tokens' text, lower case, same positions. */
  readonly texts: readonly string[];
  /** The quote of the string in which the text ended; empty when it ended in none. */
  readonly openQuote: string;
  /** Comments between tokens, which stand there in the place of spaces. */
  readonly inlineComments: number;
}

const MAX_TOKENS = 400;

function table(entries: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const [letter, list] of Object.entries(entries))
    for (const word of list.split(/\s+/)) if (word !== "") words.set(word, letter);
  return words;
}

const KEYWORDS = table({
  "&": "and or xor",
  o: "like rlike regexp glob between in is sounds ilike similar notnull isnull match",
  a: "div mod",
  l: "null true false",
  U: "union except intersect",
  S: "select",
  D: "insert update delete drop create alter exec execute declare shutdown waitfor truncate grant revoke begin call merge replace handler copy if print goto set while",
  F: "from",
  W: "where",
  O: "order group having limit offset procedure",
  K: "case when then else end",
  k: "not all distinct as by into values asc desc exists using join inner outer left right natural on binary collate escape any some top for delay outfile dumpfile table database with rollup div interval immediate placing",
});

/** Functions, tables and procedures that ordinary input does not name, least of all with their brackets. */
const ATTACK_FUNCTIONS = new Set(
  (
    "sleep benchmark pg_sleep extractvalue updatexml load_file group_concat concat_ws substring_index xmltype dbms_pipe dbms_lock dbms_utility dbms_xmlgen " +
    "utl_inaddr utl_http utl_file ctxsys randomblob generate_series regexp_substring crypt_key char_length sqlite_version load_extension xp_cmdshell xp_dirtree " +
    "xp_regread sp_executesql sp_password sp_oacreate openrowset opendatasource fn_xe_file_target_read_file make_set elt json_keys gtid_subset gtid_subtract " +
    "st_latfromgeohash polygon multipoint linestring geometrycollection ascii substr substring chr unhex hex aes_decrypt aes_encrypt database version current_user " +
    "session_user system_user user_name db_name host_name object_id serverproperty row_count last_insert_id connection_id ifnull isnull nullif coalesce cast convert mid " +
    "lpad bin_to_num name_const procedure analyse current_setting query_to_xml database_to_xml lo_import pg_read_file pg_ls_dir filetoblob iif pi"
  ).split(" "),
);

/** Those of them that take nothing: with something between their brackets they are words of a sentence, "version (2)". */
const WITHOUT_ARGUMENTS = new Set(
  "version database current_user session_user system_user user_name db_name last_insert_id connection_id row_count sqlite_version pi".split(
    " ",
  ),
);

/** Those that prove an attack by their name alone. */
const ATTACK_NAMES = new Set(
  (
    "information_schema sysobjects syscolumns sysusers sysdatabases pg_catalog pg_user pg_shadow sqlite_master sqlite_schema xp_cmdshell xp_dirtree sp_executesql " +
    "sysibm msysaccessobjects all_tables all_users user_tables dbms_pipe dbms_lock dbms_utility utl_inaddr utl_http ctxsys mysql.user sysmaster"
  ).split(" "),
);

/** Families of functions whose names tell their database. */
const FUNCTION_FAMILY =
  /^(?:pg|lo|jsonb?|sqlite|xp|sp|dbms|utl|fn|st|gtid|group|find_in|string_agg|array_agg|current|last_insert|row_count|session|connection|name_const|make_set|bin_to|regexp|query_to|database_to|quote_lit|sys_eval|sys_exec)_\w{2,40}$|^(?:unistr|starts_with|coercibility|string_agg|array_agg)$/;

const SPACE = 1;
const DIGIT = 2;
const LETTER = 3;
const KIND = new Uint8Array(128);
for (const code of [0, 9, 10, 11, 12, 13, 32]) KIND[code] = SPACE;
for (let code = 48; code < 58; code++) KIND[code] = DIGIT;
for (let code = 65; code < 91; code++) KIND[code] = KIND[code + 32] = LETTER;
KIND[95] = LETTER;
KIND[36] = LETTER;

/** Spaces of other alphabets, and what stands for a byte that is no text: databases take both for a space. */
function kindOf(code: number): number {
  if (code < 128) return KIND[code] ?? 0;
  if (code === 0xa0 || code === 0xfffd || code === 0x3000 || (code >= 0x2000 && code <= 0x200b)) return SPACE;
  return code >= 0x80 ? LETTER : 0;
}

const EMPTY_BRACKETS = /^\(\s*\)/;
const GLUED_KEYWORD = /^[fd]?(?:union|or|and|order|group)\b/i;
const TWO = new Set(["<>", "!=", "<=", ">=", ":=", "==", "!<", "!>", "^="]);

/**
 * Tokenises, in one pass over the text's character codes.
 *
 * @param quote `'`, `"` or `` ` `` when the text is taken to begin inside such a string; empty when it stands on its own.
 */
export function tokeniseSql(text: string, quote: "" | "'" | '"' | "`"): SqlTokens {
  const texts: string[] = [];
  let shape = "";
  let openQuote = "";
  let inlineComments = 0;
  let index = 0;
  const length = text.length;
  const push = (letter: string, value: string): void => {
    shape += letter;
    texts.push(value);
  };
  /** Reads a string whose opening quote is behind `index`. */
  const readString = (closing: number): void => {
    const start = index;
    while (index < length) {
      const code = text.charCodeAt(index);
      if (code === 0x5c) index += 2;
      else if (code === closing) {
        if (text.charCodeAt(index + 1) !== closing) break;
        index += 2;
      } else index++;
    }
    openQuote = index >= length ? String.fromCharCode(closing) : "";
    push("s", text.slice(start, Math.min(index, length)).toLowerCase());
    index++;
  };
  const readWhile = (kinds: (code: number) => boolean): void => {
    while (index < length && kinds(text.charCodeAt(index))) index++;
  };

  if (quote !== "") {
    // An escaped quote does not end a string for the database, but here the application may have put it there: take the first one.
    const end = text.indexOf(quote);
    if (end < 0) return { shape: "s", texts: [text], openQuote: quote, inlineComments };
    push("s", text.slice(0, end).toLowerCase());
    index = end + 1;
  }

  while (index < length && texts.length < MAX_TOKENS) {
    const code = text.charCodeAt(index);
    const kind = kindOf(code);
    if (kind === SPACE) {
      index++;
      continue;
    }
    if (kind === LETTER) {
      const start = index;
      readWhile(isWordCode);
      const word = text.slice(start, index).toLowerCase();
      let after = index;
      while (after < length) {
        if (kindOf(text.charCodeAt(after)) === SPACE) after++;
        else if (text.startsWith("/**/", after)) after += 4;
        else break;
      }
      push(letterOf(word, text, after), word);
      continue;
    }
    const next = text.charCodeAt(index + 1);
    if (kind === DIGIT || (code === 0x2e && next >= 48 && next < 58)) {
      const start = index;
      if (code === 48 && (next | 32) === 0x78) {
        index += 2;
        readWhile(isHexCode);
      } else if (code === 48 && (next | 32) === 0x62) {
        index += 2;
        readWhile(isHexCode);
      } else {
        readWhile(isNumberCode);
        const mark = text.charCodeAt(index) | 32;
        const sign = text.charCodeAt(index + 1);
        if (mark === 0x65 && ((sign >= 48 && sign < 58) || sign === 0x2b || sign === 0x2d)) {
          index += 2;
          readWhile(isDigitCode);
        }
      }
      const letter = text.charCodeAt(index);
      const ahead = kindOf(letter) === LETTER && letter !== 36 && letter < 128 ? text.slice(index, index + 7) : "";
      if (ahead !== "" && !GLUED_KEYWORD.test(ahead)) {
        readWhile(isWordCode);
        push("w", text.slice(start, index).toLowerCase());
      } else {
        push("n", text.slice(start, index).toLowerCase());
        if (/^[fd]union/i.test(ahead)) index++;
      }
      continue;
    }
    if (code === 0x27 || code === 0x22 || code === 0x60) {
      index++;
      readString(code);
      continue;
    }
    if (code === 0x2f && next === 0x2a) {
      if (text.charCodeAt(index + 2) === 0x21) {
        // What MySQL executes stays; only the opening and the version go.
        push("x", "/*!");
        index += 3;
        readWhile(isDigitCode);
        continue;
      }
      const end = text.indexOf("*/", index + 2);
      if (end < 0) push("c", text.slice(index));
      else if (texts.length > 0) inlineComments++;
      index = end < 0 ? length : end + 2;
      continue;
    }
    if (code === 0x2a && next === 0x2f) {
      index += 2;
      continue;
    }
    if ((code === 0x2d && next === 0x2d) || code === 0x23) {
      const line = text.indexOf("\n", index);
      if (line < 0 || line >= length - 1) push("c", text.slice(index));
      else inlineComments++;
      index = line < 0 ? length : line + 1;
      continue;
    }
    if (code === 0x40) {
      const start = index;
      while (text.charCodeAt(index) === 0x40) index++;
      const opening = text.charCodeAt(index);
      if (opening === 0x27 || opening === 0x22 || opening === 0x60) {
        index++;
        readString(opening);
        shape = `${shape.slice(0, -1)}v`;
        continue;
      }
      readWhile(isVariableCode);
      push(index - start > 1 ? "v" : "?", text.slice(start, index).toLowerCase());
      continue;
    }
    if (code === 0x5c && (next | 32) === 0x6e && !isWordCode(text.charCodeAt(index + 2))) {
      push("l", "\\n");
      index += 2;
      continue;
    }
    const two = text.slice(index, index + 2);
    if (two === "&&" || two === "||") {
      push("&", two);
      index += 2;
    } else if (TWO.has(two)) {
      index += text[index + 2] === ">" ? 3 : 2;
      push("o", two);
    } else if (two === "<<" || two === ">>" || two === "::") {
      push("a", two);
      index += 2;
    } else {
      const character = text[index++] ?? "";
      push(SIGNS.get(character) ?? "?", character);
    }
  }
  return { shape, texts, openQuote, inlineComments };
}

const SIGNS = new Map<string, string>();
for (const sign of "=<>") SIGNS.set(sign, "o");
for (const sign of "+-/%^|&~") SIGNS.set(sign, "a");
for (const sign of "(),;.*") SIGNS.set(sign, sign);
SIGNS.set("!", "k");

const isDigitCode = (code: number): boolean => code >= 48 && code < 58;
const isNumberCode = (code: number): boolean => isDigitCode(code) || code === 0x2e;
const isHexCode = (code: number): boolean => isDigitCode(code) || ((code | 32) >= 0x61 && (code | 32) <= 0x66);
const isWordCode = (code: number): boolean => kindOf(code) >= DIGIT;
const isVariableCode = (code: number): boolean => isWordCode(code) || code === 0x2e;

function letterOf(word: string, text: string, after: number): string {
  const called = text.charCodeAt(after) === 0x28;
  if (ATTACK_NAMES.has(word)) return "H";
  if (called) {
    if (ATTACK_FUNCTIONS.has(word)) {
      if (!WITHOUT_ARGUMENTS.has(word) || EMPTY_BRACKETS.test(text.slice(after, after + 16))) return "H";
    } else if (FUNCTION_FAMILY.test(word)) return "H";
  }
  // "in" compares with a list, and else is a word of a sentence.
  if (word === "in" && !called) return "w";
  return KEYWORDS.get(word) ?? (called ? "f" : "w");
}
