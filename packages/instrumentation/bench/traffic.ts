import type { LoadRequest } from "./load.ts";

/** Ordinary traffic: paths, queries and headers as browsers send them. The queries differ from request to request, as people's do. */
const PATHS: readonly ((index: number) => string)[] = [
  (index) => `/items/${index}`,
  (index) => `/items/7?q=desk%20lamp%20${index}&page=2&sort=-price`,
  (index) => `/items/1?q=O%27Brien%20%26%20Sons%20${index}&filter=a%2Cb&from=2026-11-01`,
  (index) => `/items/99?q=caf%C3%A9+cr%C3%A8me+${index}&utm_source=newsletter&utm_campaign=november`,
];
const HEADERS = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
  referer: "https://shop.example/search?q=lamp",
  cookie: "theme=dark; sid=s%3Ak3jf93jf9.fj93jf93; cart=%7B%22n%22%3A2%7D",
  accept: "text/html,application/json",
};

/** A request of ordinary traffic. */
export function ordinary(index: number): LoadRequest {
  return { path: PATHS[index % PATHS.length]?.(index) ?? "/", headers: HEADERS };
}

const ATTACKS = [
  "/items/1?q=1%27%20or%20%271%27%3D%271",
  "/items/1?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
  "/items/..%2f..%2fetc%2fpasswd",
];

/** Traffic that fills every memory there is: other people, cookies and agents each time, bodies, attacks. */
export function varied(index: number): LoadRequest {
  if (index % 50 === 0) return { path: ATTACKS[(index / 50) % ATTACKS.length] ?? "/" };
  const headers = {
    ...HEADERS,
    cookie: `sid=${(index * 7919).toString(36)}; theme=dark`,
    "user-agent": `${HEADERS["user-agent"]} ${index % 5000}`,
    "x-request-name": `name ${index}`,
  };
  if (index % 5 === 0)
    return {
      path: `/items/${index}`,
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ name: `lamp ${index}`, tags: ["a", "b"], note: "It's a lamp & more." }),
    };
  return { ...ordinary(index), headers };
}
