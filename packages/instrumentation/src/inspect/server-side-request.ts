import { isIPv6 } from "node:net";
import { addressKind } from "./address-kind.ts";

/** Schemes that no link of an application's own needs, and that libraries which fetch URLs follow nevertheless. */
const ODD_SCHEME =
  /^(?:url:)?(?:gopher|dict|tftp|ldaps?|jar|netdoc|local_file|rsync|acap|pop3s?|imaps?|smtps?|rtmps?|rtsp|xri|expect|ogg|sftp|smb|telnet|ssh2?|phar|glob|zip|file|data):/i;
const FETCHED_SCHEME = /^(?:url:|view-source:)?(?:https?|ftps?|wss?):[\\/]{0,4}/i;

/** Names under which a machine reaches itself, the machine that it runs on, or its cloud's metadata. */
const INSIDE_NAME =
  /^(?:localhost\d?(?:\.localdomain\d?)?|ip6-(?:localhost|loopback)|ipv6-(?:localhost|loopback)|(?:[\w-]+\.){0,3}localtest\.me|lvh\.me|(?:[\w-]+\.){0,6}(?:nip|sslip|xip)\.io|(?:host|gateway|kubernetes)\.docker\.internal|host\.containers\.internal|(?:[\w-]+\.){1,3}svc(?:\.cluster\.local)?|kubernetes(?:\.default)?|metadata(?:\.google\.internal|\.packet\.net|\.azure\.com|\.platformequinix\.com)?|instance-data(?:\.ec2\.internal)?)$/i;
/** Such a name with a path and no scheme: what a fetching parameter is given where the application puts the scheme in front. */
const BARE_NAME = /^[\w.-]{4,64}[/:]/;

/**
 * Says whether a value is a URL that leads the server that fetches it to itself, to a private neighbour or to its cloud's metadata, in
 * whatever spelling of the address (decimal, octal, hexadecimal, IPv4 in IPv6, enclosed digits), or by a scheme that only such a fetch needs.
 */
export function isServerSideRequest(value: string): boolean {
  const text = value.trim();
  const fetched = FETCHED_SCHEME.exec(text);
  const odd = fetched === null ? ODD_SCHEME.exec(text) : null;
  const scheme = fetched?.[0] ?? odd?.[0];
  if (scheme === undefined) {
    const bare = BARE_NAME.exec(text);
    return bare !== null && INSIDE_NAME.test(bare[0].slice(0, -1));
  }
  const rest = text.slice(scheme.length).replace(/^[\\/]{1,4}/, "");
  if (odd !== null) {
    if (/^data:/i.test(scheme))
      return /^text\/(?:plain|html)|^;base64,|^application\/(?:x-)?(?:httpd-)?php/i.test(rest);
    return /^(?:[\\/]{1,3}|(?:https?|ftp|file):)[^\s]/.test(text.slice(scheme.length)) || /^url:/i.test(scheme);
  }
  return leadsInside(rest, /[\\/]$/.test(scheme));
}

function leadsInside(rest: string, slashes: boolean): boolean {
  if (rest.startsWith("[")) {
    const host = rest.slice(1, Math.max(rest.indexOf("]"), 1)).replace(/%.*$/, "");
    return isIPv6(host) && addressKind(host) !== "public";
  }
  // Parsers differ in which "@" ends the user part: every part that may be the host is looked at.
  const authority = rest.slice(0, 300).split(/[/\\?]/, 1)[0] ?? "";
  const candidates = authority.includes("@") ? authority.split("@") : [authority];
  // "http://l\o\c…" : some clients drop what is no part of a name.
  if (/^(?:\\{0,2}[a-z]\\{1,2}){3,}/i.test(rest)) return true;
  return candidates.some((candidate) => isInsideHost(candidate.split(/[#,;\s&]/, 1)[0] ?? "", slashes, rest));
}

function isInsideHost(host: string, slashes: boolean, rest: string): boolean {
  const folded = host
    .normalize("NFKC")
    .replaceAll(/[\u3002\uff0e\uff61]/g, ".")
    .replace(/\.$/, "");
  const name = folded.replace(/:\d{0,5}$/, "");
  if (name === "") return false;
  if (INSIDE_NAME.test(name)) return true;
  // Spelt with other characters than its own: nobody does that to a public name either.
  if (folded !== host && /^[\x20-\x7e]+$/.test(folded) && /[\u2460-\u24ff\uff00-\uff5e]/.test(host)) return true;
  const kind = addressKind(name);
  if (kind === undefined) return false;
  // A script that another machine serves by its bare address is there to be included.
  if (kind === "public") return /\.(?:php\d?|txt|phtml|jsp|aspx?|sh|pl|py)\??$/i.test(rest);
  return kind === "inside" || (kind === "disguised" && (slashes || /^\d{9,10}$|^0x[\da-f]{8}$/i.test(name)));
}
