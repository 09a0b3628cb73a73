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
  o: "like rlike regexp glob between in is sounds ilike similar",
  a: "div mod",
  l: "null true false",
  U: "union except intersect",
  S: "select",
  D: "insert update delete drop create alter exec execute declare shutdown waitfor truncate grant revoke begin call merge replace handler copy if print goto set",
  F: "from",
  W: "where",
  O: "order group having limit offset procedure",
  K: "case when then else end",
  k: "not all distinct as by into values asc desc exists using join inner outer left right natural on binary collate escape any some top for delay outfile dumpfile table database with rollup div interval",
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

const EMPTY_BRACKETS = /^\(\s*\)/;
const WORD_START = /[a-z_\u0080-\uffff$]/i;
const SPACE = /[\s\u0000\u00a0]/u;

/**
 * Tokenises.
 *
 * @param quote `'`, `"` or `` ` `` when the text is taken to begin inside such a string; empty when it stands on its own.
 */
export function tokeniseSql(text: string, quote: "" | "'" | '"' | "`"): SqlTokens {
  let shape = "";
  const texts: string[] = [];
  let openQuote = "";
  let index = 0;
  const push = (letter: string, value: string): void => {
    shape += letter;
    texts.push(value);
  };
  /** Reads a string whose opening quote is behind `index`. */
  const readString = (closing: string): void => {
    const start = index;
    while (index < text.length) {
      const character = text[index];
      if (character === "\\") index += 2;
      else if (character === closing) {
        if (text[index + 1] !== closing) break;
        index += 2;
      } else index++;
    }
    openQuote = index >= text.length ? closing : "";
    push("s", text.slice(start, Math.min(index, text.length)).toLowerCase());
    index++;
  };

  if (quote !== "") {
    // An escaped quote does not end a string for the database, but here the application may have put it there: take the first one.
    const end = text.indexOf(quote);
    if (end < 0) return { shape: "s", texts: [text], openQuote: quote };
    push("s", text.slice(0, end).toLowerCase());
    index = end + 1;
  }

  while (index < text.length && texts.length < MAX_TOKENS) {
    const character = text[index] ?? "";
    const next = text[index + 1] ?? "";
    if (SPACE.test(character)) {
      index++;
      continue;
    }
    if (character === "'" || character === '"' || character === "`") {
      index++;
      readString(character);
      continue;
    }
    if (character === "/" && next === "*") {
      const end = text.indexOf("*/", index + 2);
      const evil = text[index + 2] === "!";
      if (evil) {
        // What MySQL executes stays; only the opening and the version go.
        push("x", "/*!");
        index += 3;
        while (/\d/.test(text[index] ?? "")) index++;
        continue;
      }
      if (end < 0) push("c", text.slice(index));
      index = end < 0 ? text.length : end + 2;
      continue;
    }
    if (character === "*" && next === "/") {
      index += 2;
      continue;
    }
    if ((character === "-" && next === "-") || character === "#") {
      const line = text.indexOf("\n", index);
      if (line < 0 || line >= text.length - 1) push("c", text.slice(index));
      index = line < 0 ? text.length : line + 1;
      continue;
    }
    if (/\d/.test(character) || (character === "." && /\d/.test(next))) {
      const start = index;
      if (character === "0" && /[xb]/i.test(next)) {
        index += 2;
        while (/[\da-f]/i.test(text[index] ?? "")) index++;
      } else {
        while (/[\d.]/.test(text[index] ?? "")) index++;
        if (/e/i.test(text[index] ?? "") && /[\d+-]/.test(text[index + 1] ?? "")) {
          index += 2;
          while (/\d/.test(text[index] ?? "")) index++;
        }
      }
      const glued =
        /[a-z_]/i.test(text[index] ?? "") &&
        !/^[fd]?(?:union|or|and|order|group)\b/i.test(text.slice(index, index + 7));
      if (!glued && /^[fd]union/i.test(text.slice(index, index + 6))) index++;
      if (glued) {
        while (/[\w$]/.test(text[index] ?? "")) index++;
        push("w", text.slice(start, index).toLowerCase());
      } else push("n", text.slice(start, index).toLowerCase());
      continue;
    }
    if (character === "@") {
      const start = index;
      while (text[index] === "@") index++;
      if (/['"`]/.test(text[index] ?? "")) {
        const opening = text[index++] ?? "";
        readString(opening);
        shape = `${shape.slice(0, -1)}v`;
        continue;
      }
      while (/[\w$.\u0080-\uffff]/.test(text[index] ?? "")) index++;
      push(index - start > 1 ? "v" : "?", text.slice(start, index).toLowerCase());
      continue;
    }
    if (WORD_START.test(character)) {
      const start = index;
      while (/[\w$\u0080-\uffff]/.test(text[index] ?? "")) index++;
      const word = text.slice(start, index).toLowerCase();
      let after = index;
      while (SPACE.test(text[after] ?? "") || text.startsWith("/**/", after)) after += text[after] === "/" ? 4 : 1;
      const called = text[after] === "(";
      const keyword = KEYWORDS.get(word);
      if (ATTACK_NAMES.has(word)) push("H", word);
      else if (
        called &&
        ATTACK_FUNCTIONS.has(word) &&
        (!WITHOUT_ARGUMENTS.has(word) || EMPTY_BRACKETS.test(text.slice(after, after + 16)))
      )
        push("H", word);
      // "in" compares with a list, and else is a word of a sentence.
      else if (word === "in" && !called) push("w", word);
      else if (keyword !== undefined) push(keyword, word);
      else push(called ? "f" : "w", word);
      continue;
    }
    const two = character + next;
    if (two === "&&" || two === "||") {
      push("&", two);
      index += 2;
      continue;
    }
    if (["<>", "!=", "<=", ">=", ":=", "==", "!<", "!>", "^="].includes(two)) {
      index += 2;
      if (text[index] === ">") index++;
      push("o", two);
      continue;
    }
    if (two === "<<" || two === ">>" || two === "::") {
      push("a", two);
      index += 2;
      continue;
    }
    index++;
    if ("=<>".includes(character)) push("o", character);
    else if ("+-/%^|&~".includes(character)) push("a", character);
    else if ("(),;.*".includes(character)) push(character, character);
    else if (character === "!") push("k", character);
    else push("?", character);
  }
  return { shape, texts, openQuote };
}
