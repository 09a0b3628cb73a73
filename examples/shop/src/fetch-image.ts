import { lookup } from "node:dns/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { classifyAddress, type AddressClass } from "./outbound-address.ts";

/** What became of an image that somebody asked the shop to fetch. */
export type FetchedImage =
  | { readonly outcome: "refused"; readonly addressClass: AddressClass }
  | { readonly outcome: "failed"; readonly addressClass: AddressClass; readonly reason: string }
  | { readonly outcome: "fetched"; readonly addressClass: AddressClass; readonly type: string; readonly bytes: number };

/** What the fetcher asks the network; handed in, so that a test needs neither a resolver nor a public server. */
export interface ImageNetwork {
  /** All addresses of a host name. */
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
  readonly classify: (address: string) => AddressClass;
}

const MAX_BYTES = 1_000_000;
const TIMEOUT = 3000;

const NETWORK: ImageNetwork = {
  resolve: async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address),
  classify: classifyAddress,
};

/**
 * Fetches an image from a URL that a user gave. Only http and https to public addresses, no redirects, at most 1 MB and 3 seconds. The connection goes to
 * the very address that was checked: a name that resolves differently a moment later cannot lead it elsewhere.
 */
export async function fetchImage(url: URL, network: ImageNetwork = NETWORK): Promise<FetchedImage> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  let addresses: readonly string[];
  try {
    addresses = isIP(hostname) === 0 ? await network.resolve(hostname) : [hostname];
  } catch {
    return { outcome: "failed", addressClass: "public", reason: "The host name cannot be resolved." };
  }
  const classes = addresses.map(network.classify);
  const inner = classes.find((name) => name !== "public");
  if (inner !== undefined) return { outcome: "refused", addressClass: inner };
  const address = addresses[0];
  if (address === undefined)
    return { outcome: "failed", addressClass: "public", reason: "The host name has no address." };
  return download(url, address);
}

function download(url: URL, address: string): Promise<FetchedImage> {
  const family = isIP(address);
  const toAddress: LookupFunction = (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  return new Promise((settle) => {
    const failed = (reason: string): void => settle({ outcome: "failed", addressClass: "public", reason });
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = send(url, { lookup: toAddress, timeout: TIMEOUT, headers: { accept: "image/*" } }, (answer) => {
      const type = answer.headers["content-type"] ?? "";
      if (answer.statusCode !== 200 || !type.startsWith("image/")) {
        answer.destroy();
        failed("There is no image at this address.");
        return;
      }
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_BYTES) return;
        answer.destroy();
        failed("The image is larger than 1 MB.");
      });
      answer.on("end", () => settle({ outcome: "fetched", addressClass: "public", type, bytes }));
      answer.on("error", () => failed("The connection broke."));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("timeout")));
    outgoing.on("error", () => failed("The host does not answer."));
    outgoing.end();
  });
}
