const KEY =
  /(?:^|[[.])["']?__proto__(?:$|["']?\s{0,4}[\].:=[])|["']__proto__["']\s{0,4}:|\b__proto__["']?\s{0,2}[[.]|(?:^|[[\].])constructor["']?\]?\.?\[?["']?prototype(?:$|[[\].:"'\s=])/i;

/** Says whether a name, path or text has a key that reaches the prototype which all objects share. */
export function isPrototypePollution(text: string): boolean {
  return (text.includes("__") || text.includes("onstructor")) && KEY.test(text);
}
