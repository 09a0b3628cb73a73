/** Says what is wrong with the address of a worker; undefined when nothing is. */
export function checkWorkerUrl(text: string): string | undefined {
  if (text.trim() === "") return "Type the address of the worker's API listener.";
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return "This is not an address. It looks like http://127.0.0.1:7333.";
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return "The address begins with http:// or https://.";
  if (url.username !== "" || url.password !== "") return "Leave user and password out of the address: tokens go below.";
  if (url.search !== "" || url.hash !== "") return "The address ends before any ? or #.";
  return undefined;
}
