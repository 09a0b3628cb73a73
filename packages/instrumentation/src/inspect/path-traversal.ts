/* oxlint-disable no-control-regex -- control characters are what attackers put in, and what has to be matched. */
import { CHARACTERS as C, kindsOf } from "./character-classes.ts";

/** One step up, in the spellings that servers and libraries undo: mixed slashes, doubled dots, path parameters, hex escapes. */
const STEP =
  /(?:^|[\\/=:;,]|0x2f|0x5c)(?:\.{2,4}|(?:0x2e){2}|(?:0x2e|\.)(?:\\|%00|\u0000)\.?)(?:;[^/\\]{0,20})?(?=[\\/]|0x2f|0x5c)/gi;
const DOTS_RUN = /(?:^|[\\/])\.{5,}/;
const DOUBLED = /(?:\.{3,}|\.\.)(?:[\\/]{2,})/;

/** Files and schemes that nobody asks an application for. */
const TARGET =
  /(?:^|[\\/:.=]|file:)(?:etc[\\/]{1,8}(?:passwd|shadow|group|hosts|hostname|issue|fstab|motd|sudoers|crontab|mysql|my\.cnf|ssh|nginx|apache2?|httpd|php)|proc[\\/]{1,8}(?:self|version|cpuinfo|sys|net|mounts|meminfo|cmdline|\d{1,8})[\\/]?|sys[\\/](?:class|kernel|module|firmware)|\.docker[\\/]|\.kube[\\/]config|(?:boot|win|system|php)\.ini\b|win(?:dows|nt)[\\/]{1,8}(?:system32(?:[\\/]{1,8}(?:drivers|config|inetsrv|logfiles|cmd|eula|licen[cs]e)|$)|win\.ini|repair|php\.ini)|web-inf[\\/]?|meta-inf[\\/]|\.ssh[\\/]|id_rsa|\.htpasswd|\.htaccess|wp-config\.php|\.git[\\/](?:config|head|index)|\.aws[\\/]credentials|autoexec\.bat|var[\\/]log[\\/]|inetpub[\\/])/i;
const WRAPPER =
  /^(?:php:\/\/(?:filter|input|output|stdin|stdout|stderr|fd|memory|temp)|phar:\/\/|zip:\/\/|expect:\/\/|file:(?:\/{0,3}(?:[a-z]:|etc|proc)|\/{1,3}[\w.-]{1,24}[\\/]|\/{2})|jar:file:)/i;
const NULL_BYTE_FILE = /\.(?:php|jsp|asp|txt|ini|conf|xml|html?)?\u0000/;

/** Paths that do not lead anywhere: long or odd to get past a check or to be cut off behind it, or with a fuzzer's place for a name still empty. */
const PADDED =
  /^[\\/]{1,8}\.{2,}|^[\\/]{3,}[^\\/]|(?:[\\/]{1,3}\.(?=[\\/.]|$)){3,}|^[\\/]\.[\\/]\.{2}[\\/]|^c:(?:b?oot\.ini|inetpub|winnt|windows)|^web-?inf|^\.\.\\[\w.]|(?:^|:)\.{5,}|^[\\/](\w)\1{199,}|^[\\/]{1,3}[\w.]{0,12}\{file\}$/;

/** Says whether a value leads out of the folder that it is meant to stay in, or to a file that only an intruder asks for. */
export function isPathTraversal(value: string, kinds: number = kindsOf(value)): boolean {
  if (value.length < 4) return false;
  // Only dots: the name of a file, which matters where it begins with one.
  if ((kinds & (C.slash | C.step | C.colon | C.control)) === 0)
    return /^(?:\.|web-?inf)/i.test(value) && (TARGET.test(value) || PADDED.test(value));
  const steps = value.match(STEP)?.length ?? 0;
  if (steps >= 2) return true;
  if (PADDED.test(value)) return true;
  if (TARGET.test(value)) return steps > 0 || /^[\\/.]|^[a-z]:|^file:/i.test(value) || DOTS_RUN.test(value);
  if (steps === 1) return /^[\\/]{1,2}\.{2,4}[\\/]|0x2e|0x2f|;/i.test(value) || DOUBLED.test(value);
  return (
    WRAPPER.test(value) ||
    DOTS_RUN.test(value) ||
    NULL_BYTE_FILE.test(value) ||
    /(?:0x2e){2,}|(?:0x2e0x2ex?){2,}/i.test(value)
  );
}
