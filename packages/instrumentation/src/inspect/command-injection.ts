/** Commands that are no words of a language: they prove an attack where a command may begin. */
const COMMAND =
  "(?:id|whoami|uname|ifconfig|ipconfig|netstat|nslookup|wget|curl|ncat|netcat|nc|bash|zsh|ksh|csh|tcsh|dash|sh|python[23]?(?:\\.\\d+)?|perl|ruby|php|powershell|pwsh|cmd|certutil|bitsadmin|wmic|tasklist|taskkill|systeminfo|printenv|chmod|chown|mkdir|rmdir|rm|mv|cp|ls|dir|ps|pwd|tftp|ftp|telnet|ssh|scp|traceroute|tracert|crontab|sudo|passwd|useradd|adduser|groupadd|awk|sed|grep|egrep|xargs|base64|xxd|nmap|tcpdump|df|du|lsof|gcc|lsb_release|sysctl|systemctl|dmesg|getent|finger|nohup|busybox)";
/** Commands that are words too: only with an argument that looks like one. */
const WORDY_COMMAND =
  "(?:cat|echo|type|ping6?|sleep|net|host|dig|kill|find|head|tail|more|less|sort|touch|set|env|export|date|time|timeout|mount|tee|cut|which|who|w|last|reg|at|tac|nl|copy|del|exec|eval|system|sc|ip|route|hostname|test|printf|source|ver|vol)";
const ARGUMENT = "(?:\\s{1,4}|\\$\\{?ifs\\}?|<)(?:[-/~$\"'`{\\\\*]|\\d|[a-z]:|\\S{0,40}[/\\\\.])";
const END = "(?=$|[\\s;|&`)<>'\"\\\\/,$#}])";
const QUOTES = "[\"'\\\\]{0,2}";

/** Where a new command begins: separators, substitutions, a line of its own. */
const SEPARATOR = "(?:;|\\|{1,2}|&{1,2}|`|\\$\\(|\\n|\\r|<\\(|>\\()\\s{0,4}(?:\\{\\s?)?";
const BINARY_PATH = "(?:/?(?:usr/)?(?:local/)?s?bin/|/?(?:usr/)(?:local/)?s?bin/)";

const SEPARATED = new RegExp(
  `${SEPARATOR}${QUOTES}(?:${BINARY_PATH})?${COMMAND}(?:\\.exe)?(?:${END}(?=\\s{0,4}(?:$|[;|&\`)<>#'"-]|[/~$\\\\]|\\d|\\S{0,40}[/\\\\.:])))`,
  "i",
);
const SEPARATED_WORDY = new RegExp(`${SEPARATOR}${QUOTES}${WORDY_COMMAND}(?:\\.exe)?${ARGUMENT}`, "i");
const SEPARATED_BINARY = new RegExp(
  `(?:^|[\\s"'(=+]|${SEPARATOR})/?(?:usr/(?:local/)?)?s?bin/[a-z][\\w.-]{0,20}${END}`,
  "i",
);
const ABSOLUTE_BINARY = new RegExp(`(?:^|[^\\w.:/-])/(?:usr/(?:local/)?)?s?bin/[a-z][\\w.-]{0,20}${END}`, "i");
/** As a whole value only: between the words of a text, these are how people write about programming. */
const BACKTICKED_CONSTANT = /^["']?`(?:true|false)`["']?$/i;
const BACKTICKS = new RegExp(`\`\\s{0,4}(?:${COMMAND}|${WORDY_COMMAND})(?:\\s[^\`]{0,200})?\``, "i");
const SUBSTITUTION = new RegExp(
  `\\$\\(\\s{0,4}(?:${BINARY_PATH})?(?:${COMMAND}|${WORDY_COMMAND})(?:\\s[^)]{0,200})?\\)`,
  "i",
);
const DIRECTORY_LISTING = /(?:^|[|&;+\s])\+{0,2}dir\s{0,2}\+{0,2}[a-z]:/i;
const PING = /\bping(?:\.exe)?\s{1,4}-[nciwt]\s{0,3}\d{1,4}\b/i;
const SHELL_SYNTAX =
  /\$\{?IFS\}?|\/dev\/(?:tcp|udp)\/|\(\)\s{0,4}\{\s{0,4}:?\s{0,4};?\s{0,4}\}\s{0,4};|\d?>\s{0,2}&\s{0,2}[12]\b|>\s{0,4}\/dev\/null|\bmkfifo\b|%COMSPEC%|\$\{(?:PATH|HOME|SHELL):|\$@|\$\{@\}|\/\?{2,3}\//i;
const WINDOWS_SHELL =
  /\bcmd(?:\.exe)?\s{1,4}\/[ckq]\b|\bpowershell(?:\.exe)?\s{1,4}-\w{1,20}|\\system32\\cmd|\bnet\s{1,4}(?:user|localgroup|share|view|start)\s{1,4}[\w/]/i;
const CODE_CALL =
  /<!--\s{0,4}#(?:exec|include|echo|printenv|config)\b|\b(?:system|passthru|shell_exec|popen|proc_open|pcntl_exec)\s{0,4}\(\s{0,4}(?:["'`$\\]|chr|base64_decode)|\b(?:exec|assert)\s{0,4}\(\s{0,4}["'`](?:\/|cat|ls|id|whoami|uname|ping|wget|curl|nc|cmd)|\bgetruntime\s{0,4}\(|\bprocessbuilder\b|\bos\.(?:system|popen|exec\w{0,3})\s{0,4}\(|\bsubprocess\.\w{2,12}\s{0,4}\(|\bchild_process["'`)\]]{0,4}\s{0,4}\.\s{0,4}(?:exec|spawn|fork)|__import__\s{0,4}\(|\bkernel\.(?:exec|system)|%x[({[]/i;

/** A whole value that is a command line. */
const COMMAND_LINE = new RegExp(
  `^\\s{0,4}(?:${COMMAND}(?:\\.exe)?\\s{1,4}(?:-{1,2}[a-z]|/[a-z]|https?:)|(?:cat|head|tail|less|more|find|ls|tac|nl)\\s{1,4}(?:/[a-z]{2,12}(?:/|$|\\s)|~/))`,
  "i",
);

const PATTERNS: readonly RegExp[] = [
  SEPARATED,
  SEPARATED_WORDY,
  ABSOLUTE_BINARY,
  BACKTICKS,
  BACKTICKED_CONSTANT,
  SUBSTITUTION,
  DIRECTORY_LISTING,
  PING,
  COMMAND_LINE,
  SHELL_SYNTAX,
  WINDOWS_SHELL,
  CODE_CALL,
];
const CANDIDATE = /[;|&`$\n\r/\\<>%(-]|dir|ping|subprocess|child_process|processbuilder/i;
const SEPARATOR_CHARACTER = /[;|&`\n\r$]/;

/** Says whether a value would run a command where it reaches a shell, or names one that only a shell is meant for. */
export function isCommandInjection(value: string): boolean {
  if (value.length < 2 || !CANDIDATE.test(value)) return false;
  if (PATTERNS.some((pattern) => pattern.test(value))) return true;
  return SEPARATOR_CHARACTER.test(value) && SEPARATED_BINARY.test(value);
}
