import { CHARACTERS as C, kindsOf } from "./character-classes.ts";
import { RUNS_ANOTHER, commandKind, mayNameCommand } from "./shell-commands.ts";
import { matchesKnownFile, undoShellQuoting } from "./shell-quoting.ts";

/** Where a new command begins: separators, substitutions, a line of its own, a block. */
const SEPARATOR = /;|\|{1,2}|&{1,2}|`|\$\(|\r?\n|\r|[<>]\(|\$?\{`?/g;
/** What may stand between a separator and a command. */
const LEAD =
  /^(?:[\s("'!{@]{1,8}|\.\s|\\n|\$\w{1,8}\s|[a-z_]\w{0,20}=(?:"[^"]{0,40}"|'[^']{0,40}'|[^\s;&|]{0,40})(?=\s)){0,4}/i;
const WORD = /^((?:\.{0,2}\/)?(?:[\w.-]{1,20}\/){0,6})([a-z_.][\w.+-]{0,30}|\d[\w.-]{0,8})/i;
const BINARY_FOLDER = /^\/?(?:usr\/)?(?:local\/)?s?bin\/$/i;
const END = /^\s{0,4}(?:$|[\s;|&`)<>'"\\,#}])/;
const NOTHING_MORE = /^\s{0,4}(?:$|[;|&`)<>#}]|['"](?![a-z]))/i;
/** An option, a path, an address, a number, a string, a variable, a redirection. */
const ARGUMENT =
  /^(?:\s{1,4}|[<>]{1,3}\s{0,4})(?:-{1,2}[a-z\d]|\/[a-z?]{1,2}(?:\s|:|$)|[~$"'`{\\*/]|\d|[a-z]:\\|https?:|\S{0,60}[/\\]\S|[\w-]{1,40}\.[\w.-]{1,40}(?:\s{0,4}(?:$|[;|&`)])|\s{1,4}\S))/i;
/** Only an option, an absolute path, an address: what makes a command of a word at the beginning of a text. */
const PLAIN_ARGUMENT =
  /^(?:\s{1,4}|[<>]{1,3}\s{0,4})(?:\S{1,24}\s{1,4})?(?:-{1,2}[a-z]{1,3}(?:[\s\d=]|$)|--[a-z]{3,20}\b|\/[a-z]{2,12}(?:\/|\s|$)|\/[cqk]\b|~\/|https?:\/\/|[a-z]:\\|\$[a-z({_]|<<<)/i;

/** What a shell reads as more than text, in any place. */
const SHELL_SYNTAX =
  /\$\{?IFS\}?|\/dev\/(?:tcp|udp)\/|\(\)\s{0,4}\{\s{0,4}(?::?\s{0,4};|$)|\d?>\s{0,2}&\s{0,2}[12]\b|>\s{0,4}\/dev\/null|%COMSPEC%|\$\{(?:PATH|HOME|SHELL)\b|\$\{@\}|\/\?{2,3}\/|\$\(\(\s{0,4}\$\(|\$\{\s{0,4}`|\$\([^()]{0,40}\$\(|^[\s;&|]{0,4}\$\{[a-z]{1,12}#\{|(?:^|[;&|])\s{0,4}(?:\w{1,12}|:)\s{0,2}\(\)\s{0,2}\{[^}]{1,40}[|&][^}]{1,40}\}|`\s{0,2}<<<|\$\(<\s{0,2}\/|(?:[;&]\s{0,2}|&&\s{0,2})\$\w{1,16}\s{1,2}(?:-\w|\$\w{1,16}\$|\w{3,5}\s{1,2}(?:\$|\w{1,24}\.\w{2,4}\b))/i;
const ALIAS = /(?:^|[;&|\n]\s{0,4})alias\s{1,4}(?:[-+]\w{1,4}\+?\s{1,4}){0,3}["']?[\w+]{1,24}["']?=/i;
const ASSIGNED =
  /(?:[a-z]\w{0,15}=[^\s;&=]{0,40}(?:;|&{1,2})\s{0,4}){1,40}[^;]{0,40}\$[a-z]\w{0,15}(?:\$[a-z]|\s{1,4}(?:-\w|\$[a-z]|\S))/i;
const WINDOWS_SHELL =
  /\bcmd(?:\.exe)?\s{1,4}\/[ckq]\b|\bpowershell(?:\.exe)?\s{1,4}(?:-\w{1,20}|[a-z]:)|\\system32\\cmd|\bnet\s{1,4}(?:user|localgroup|share|view|start)\s{1,4}[\w/]|\b(?:invoke-(?:webrequest|expression|restmethod|command)|iwr|irm|start-bitstransfer)\s{1,4}(?:-\w|https?:|\()|\biex\s{0,4}\(|\bset\s{1,4}\/[ap]\s{1,4}\S/i;
/** The loops and conditions of batch files. */
const BATCH =
  /\bfor\s{1,20}(?:\/[dflr]\s{1,20}){0,4}(?:"[^"]{0,60}"\s{1,8}|[a-z]:\\\S{0,60}\s{1,4})?%{1,2}\S{1,12}\s{1,20}in\s{1,8}\([^)]{0,120}\)?['")\s]{0,8}do\b|(?:^|[;&|(]\s{0,4})if(?:\s{0,20}\/i)?(?:\s{1,20}not)?\s{1,20}(?:(?:exist\s{1,20}\S{1,60}|defined\s{1,20}\S{1,40}|errorlevel\s{1,20}\d{1,9})\s{1,20}(?:\(|@?(?:echo|cmd|set|goto|call|del|copy|cd|if|start|exit|type|md|rd)\b|\.{3})|[("'[{]{0,2}[%!]?[^\s=]{0,40}["')\]}]{0,2}\s{1,20}(?:equ|neq|lss|leq|gtr|geq)\s{1,20}\S|["'([{]{0,2}[^\s"=(]{0,40}[%!][^=]{0,24}={2,3}\s{0,2}\S|(?:"[^"]{0,40}"|\[\w{0,20}\]|\(\w{0,20}\))\s{0,4}==\s{0,4}(?:"|\[|\()|[\w%]{1,40}={2,3}[\w%]{1,40}\s{1,20}[a-z])|(?:^|[;&|(]\s{0,4})if\/i\s{1,4}\S{1,40}==/i;
/** SQLite's shell has commands that run others. */
const SQLITE_SHELL =
  /(?:^|;)\s{0,4}(?:\\n|\n)?\s{0,4}\.\\?["']?(?:shell|system|databases|dump|import|load|output|read|excel|archive|once)\b/i;
const BRACES =
  /^\{(?=[^{}:]{0,60},)(?:,[^{}:\s]{1,60}|[^{}:\s]{1,60},)\}$|^\{(?=[^{}:]{2,80}\}\w{0,4}$)[a-z$"'\\]{1,12},-[^{}:\s]{1,60}\}\w{0,4}$/i;
const FREQUENT_PAIR =
  /^[\s"']{0,4}(?:ansible|chef|cscli|aa|ssh|lwp|rmt|yum|apt)-[a-z]{2,12}(?:[\s"']{1,4}[\w./-]{1,24}){0,4}[\s"']{0,4}$|^[\s"']{0,4}(?:cscli|chef|ansible)["']?\s{1,4}[a-z]{2,12}\s{1,4}[\w./-]{1,24}[\s"']{0,4}$|\bdd\s{1,4}(?:if|of)=|\\!\s{0,2}(?:whoami|id|pwd|sh|bash|ls|cat|uname)\b/;
const CODE_CALL =
  /<!--\s{0,4}#(?:exec|include|echo|printenv|config)\b|\b(?:system|passthru|shell_exec|popen|proc_open|pcntl_exec)\s{0,4}\(\s{0,4}(?:["'`$\\]|chr|base64_decode)|\b(?:exec|assert)\s{0,4}\(\s{0,4}["'`](?:\/|cat|ls|id|whoami|uname|ping|wget|curl|nc|cmd)|\bgetruntime\s{0,4}\(|\bprocessbuilder\b|\bos\.(?:system|popen|exec\w{0,3})\s{0,4}\(|\bsubprocess\.\w{2,12}\s{0,4}\(|\bchild_process["'`)\]]{0,4}\s{0,4}\.\s{0,4}(?:exec|spawn|fork)|__import__\s{0,4}\(|\bkernel\.(?:exec|system)|%x[({[]/i;
const DIRECTORY_LISTING = /(?:^|[|&;+\s])\+{0,2}dir\s{0,2}\+{0,2}[a-z]:/i;
const PING = /\bping(?:\.exe)?\s{1,4}-[nciwt]\s{0,3}\d{1,4}\b/i;
/** As a whole value only: between the words of a text, these are how people write about programming. */
const QUOTED_COMMAND =
  /^["']?`(?:true|false)`["']?$|^'(?:true|false|uname|whoami|ifconfig|ipconfig|netstat|printenv)'$/i;
const SET_HISTORY = /^set\s{1,4}[-+]o\s{1,4}\w{3,12}$|^!-\d{1,3}!|^!!$/;

/** Each pattern with the kinds of characters of which it needs one; 0 where it needs words only. */
const PATTERNS: readonly (readonly [number, RegExp])[] = [
  [C.dollar | C.slash | C.parenthesis | C.angle | C.percent | C.backTick, SHELL_SYNTAX],
  [C.operator, ALIAS],
  [C.dollar, ASSIGNED],
  [C.slash | C.parenthesis | C.colon | C.space, WINDOWS_SHELL],
  [C.space | C.operator, BATCH],
  [C.dot, SQLITE_SHELL],
  [C.brace, BRACES],
  [C.parenthesis | C.angle | C.percent | C.dot | C.underscore, CODE_CALL],
  [C.colon, DIRECTORY_LISTING],
  [C.space, PING],
  [C.quote | C.backTick, QUOTED_COMMAND],
  [C.space | C.operator, SET_HISTORY],
  [0, FREQUENT_PAIR],
];
const SIGNS =
  C.separator | C.backTick | C.dollar | C.slash | C.angle | C.percent | C.parenthesis | C.quote | C.brace | C.operator;
/** What a shell undoes. */
const QUOTING = C.quote | C.backTick | C.dollar | C.slash | C.bracket | C.brace | C.operator | C.angle;
/** What it puts something in the place of: then no word is what it seems. */
const EXPANSION = C.backTick | C.dollar | C.bracket | C.brace | C.angle | C.operator;
const CANDIDATE =
  /^[\s"']{0,4}(?:ansible|chef|cscli|aa|dd)\b|[;|&`$\n\r/\\<>%(-]|['"{!=]|dir|ping|alias|subprocess|child_process|processbuilder|\b(?:if|for)\s|^(?:time|strace|sudo|nohup|env)\s/i;

/** Says whether a value would run a command where it reaches a shell, or names one that only a shell is meant for. */
export function isCommandInjection(value: string, kinds: number = kindsOf(value)): boolean {
  if (value.length < 2 || ((kinds & SIGNS) === 0 && !CANDIDATE.test(value))) return false;
  const named = mayNameCommand(value, false);
  if (named ? runsCommand(value, false) : (kinds & C.slash) !== 0 && namesBinary(value)) return true;
  for (const [needs, pattern] of PATTERNS)
    if ((needs === 0 ? named : (kinds & needs) !== 0) && pattern.test(value)) return true;
  if ((kinds & C.slash) !== 0 && matchesKnownFile(value)) return true;
  if ((kinds & QUOTING) === 0 || ((kinds & EXPANSION) === 0 && !mayNameCommand(value, true))) return false;
  const plain = undoShellQuoting(value);
  return plain !== value && (runsCommand(plain, true) || namesBinary(plain));
}

/**
 * Looks at each place where a shell would begin a command.
 *
 * @param disguised True when the text was put together from a disguised one: then a tool at its beginning is proof enough.
 */
function runsCommand(text: string, disguised: boolean): boolean {
  if (beginsCommand(text.slice(0, REACH), "", disguised)) return true;
  if (namesBinary(text)) return true;
  SEPARATOR.lastIndex = 0;
  for (let match = SEPARATOR.exec(text); match !== null; match = SEPARATOR.exec(text)) {
    const from = match.index + match[0].length;
    if (beginsCommand(text.slice(from, from + REACH), match[0], disguised)) return true;
  }
  return false;
}

const REACH = 160;

function namesBinary(text: string): boolean {
  return (
    /(?:^|[^\w.:/-])\/(?:usr\/(?:local\/)?)?s?bin\/[a-z][\w.-]{0,20}(?=$|[\s;|&`)<>'"\\,#}])/i.test(text) ||
    /^bin\/[a-z]{2,12}$/i.test(text)
  );
}

function beginsCommand(text: string, separator: string, disguised: boolean): boolean {
  // In a URL, what stands behind "&" is a name and a value.
  const lead = separator === "&" && /^\w{1,24}=/.test(text) ? 0 : (LEAD.exec(text)?.[0].length ?? 0);
  const rest = text.slice(lead);
  const word = WORD.exec(rest);
  if (word === null) return false;
  const [whole, folder = "", name = ""] = word;
  const after = rest.slice(whole.length);
  if (folder !== "" && BINARY_FOLDER.test(folder)) return separator !== "" && END.test(after);
  if (folder !== "") return false;
  const kind = commandKind(name) ?? (separator === "" ? undefined : commandKind(name.replace(/^n/, "")));
  if (kind === undefined) return false;
  const substituted = separator === "`" || separator === "$(" || separator === "<(" || separator === ">(";
  if (substituted) {
    const closed = separator === "`" ? /^[^`]{0,200}`/ : /^[^)]{0,200}\)/;
    return (kind === "tool" || name.length > 2) && (closed.test(after) ? END.test(after) : ARGUMENT.test(after));
  }
  if (separator.includes("{")) return kind === "tool" && after.startsWith(",");
  if (separator !== "") {
    if (ARGUMENT.test(after)) return true;
    if (kind !== "tool") return false;
    return (
      NOTHING_MORE.test(after) ||
      /^\s{1,4}[\w@.-]{1,24}\s{0,4}[;|]/.test(after) ||
      /-|^(?:ansible|cscli|kubectl|systemctl|journalctl)$/i.test(name)
    );
  }
  // At the beginning, where sentences begin as well.
  if (RUNS_ANOTHER.has(name.toLowerCase())) {
    const next = WORD.exec(after.replace(/^(?:\s{1,4}-{1,2}\w{1,12}(?:\s{1,2}\d{1,6})?){0,3}\s{1,4}/, ""));
    if (next !== null && /^\s/.test(after) && commandKind(next[2] ?? "") === "tool" && /^\w/.test(next[2] ?? "")) {
      const behind = after.slice(after.indexOf(next[0]) + next[0].length);
      if (NOTHING_MORE.test(behind) || ARGUMENT.test(behind))
        return (next[2] ?? "").length > 2 || NOTHING_MORE.test(behind) || /^\s{1,4}-c\s/.test(behind);
    }
  }
  if (disguised && kind === "tool" && (NOTHING_MORE.test(after) || ARGUMENT.test(after)))
    return name.length > 2 || /^\s{1,4}[/-]/.test(after);
  if (disguised && ARGUMENT.test(after) && /^\s{1,4}(?:-|\d|\/)/.test(after)) return true;
  if (kind === "tool" && /^\s{1,4}-[a-z]{2,12}\s{1,4}\S/i.test(after) && name.length > 1) return true;
  return (
    PLAIN_ARGUMENT.test(after) &&
    (kind === "tool" || /^(?:cat|head|tail|less|more|find|ls|tac|nl|kill|env|printf|echo|cd|cp|mv)$/i.test(name))
  );
}
