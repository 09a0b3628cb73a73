/** The innermost lookups that only spell characters: `${lower:j}`, `${env:X:-n}`, `${::-d}`, `${upper:i}`. */
const SPELLING = /\$\{(?:(lower|upper):([^${}]{0,16})|[^${}]{0,200}?:-([^${}]{0,32}))\}/gi;
const LOOKUP = /\$\{\s{0,4}jndi\s{0,4}:/i;
/** Lookups that carry a secret out or wait to be put together: text in braces has neither. */
const NESTED =
  /\$\{(?:[^{}]{0,64}\$\{[^{}]{0,64}:|[^{}]{0,64}:-\$\}?|(?:env|sys|java|main|ctx|lower|upper|date|bundle|k8s|docker|base64|script|url|dns|const):[^{}]{1,64}:)/i;
const BARE = /\bjndi:(?:ldaps?|rmi|dns|nis|iiop|corba|nds|https?):/i;
const ROUNDS = 6;

/** Says whether a value makes Java's logging look something up, after undoing the lookups that such a value is spelt with. */
export function isJndiLookup(value: string): boolean {
  if (!value.includes("${") && !value.includes("jndi")) return false;
  let text = value;
  for (let round = 0; round < ROUNDS; round++) {
    if (LOOKUP.test(text) || BARE.test(text)) return true;
    const undone = text.replaceAll(
      SPELLING,
      (_whole, _case, letters?: string, fallback?: string) => letters ?? fallback ?? "",
    );
    if (undone === text) break;
    text = undone;
  }
  return NESTED.test(value);
}
