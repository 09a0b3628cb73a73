/** What the words of a text may belong to; a text without any of them needs signs to be an attack. */
export const WORDS = { sql: 1, command: 2, code: 4 } as const;

const LISTS: readonly (readonly [number, string])[] = [
  [
    WORDS.sql,
    "union select having order group waitfor into or and xor div like rlike regexp null between exec execute drop insert delete update truncate alter create declare begin shutdown sounds " +
      "collate sleep case when as from where union char chr match sp_password current_user session_user system_user localtime low_priority is in except limit procedure values mod glob notnull isnull similar escape exists print goto load grant revoke",
  ],
  [
    WORDS.command,
    "alias bash sh zsh ping ping6 nc ncat curl wget cat ls id time strace nohup env find ansible chef cscli dd perf cpulimit if for python python3 perl backup set sudo powershell pwsh chmod chown rm nslookup ssh scp telnet netcat tar",
  ],
  [
    WORDS.code,
    "java javax org com runtime processbuilder sun document window constructor mysql master process console web",
  ],
];

/** Kinds of the telling words, by their hashes. */
export const TELLING_HASHES = new Map<number, number>();
for (const [bit, list] of LISTS)
  for (const word of list.split(" ")) {
    let hash = 0;
    for (let index = 0; index < word.length; index++) hash = (Math.imul(hash, 31) + word.charCodeAt(index)) | 0;
    TELLING_HASHES.set(hash, (TELLING_HASHES.get(hash) ?? 0) | bit);
  }

/** Lower-case codes of the letters and digits that words are made of; 0 for what stands between words. */
export const WORD_LETTERS = new Uint8Array(128);
for (let code = 48; code < 58; code++) WORD_LETTERS[code] = code;
for (let code = 97; code < 123; code++) WORD_LETTERS[code] = WORD_LETTERS[code - 32] = code;
WORD_LETTERS[95] = 95;

/**
 * The kinds of telling words in a text, found in one pass by the words' hashes: another word of the same hash costs a closer look, and no more.
 */
export function tellingWords(text: string): number {
  let kinds = 0;
  let hash = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const letter = code < 128 ? (WORD_LETTERS[code] ?? 0) : 0;
    if (letter !== 0) hash = (Math.imul(hash, 31) + letter) | 0;
    else if (hash !== 0) {
      kinds |= TELLING_HASHES.get(hash) ?? 0;
      hash = 0;
    }
  }
  return kinds | (TELLING_HASHES.get(hash) ?? 0);
}
