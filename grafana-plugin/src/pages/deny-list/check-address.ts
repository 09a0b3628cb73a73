const octet = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const ipv4 = new RegExp(`^${octet}(\\.${octet}){3}$`);

function isIpv6(text: string): boolean {
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(":")) return false;
  try {
    return new URL(`http://[${text}]/`).hostname.length > 0;
  } catch {
    return false;
  }
}

/** Says what is wrong with an address that somebody typed; undefined when nothing is. The worker has the last word. */
export function checkAddress(text: string): string | undefined {
  if (text === "") return "Type an address.";
  if (text.includes("/")) return "One address, not a range: 203.0.113.7 or 2001:db8::7.";
  return ipv4.test(text) || isIpv6(text)
    ? undefined
    : "This is not an address. It looks like 203.0.113.7 or 2001:db8::7.";
}
