import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { fetchImage, type ImageNetwork } from "./fetch-image.ts";
import { classifyAddress } from "./outbound-address.ts";

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

async function serve(answer: (url: string) => { status: number; type: string; body: Buffer }): Promise<number> {
  const started = createServer((request, response) => {
    const { status, type, body } = answer(request.url ?? "");
    response.writeHead(status, { "content-type": type, location: "http://127.0.0.1/" }).end(body);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return (started.address() as AddressInfo).port;
}

/** A network in which the test's own server counts as public. */
const pretended: ImageNetwork = { resolve: async () => ["127.0.0.1"], classify: () => "public" };

describe("classifyAddress", () => {
  it.each([
    ["169.254.169.254", "metadata"],
    ["fd00:ec2::254", "metadata"],
    ["::ffff:169.254.169.254", "metadata"],
    ["127.0.0.1", "loopback"],
    ["127.8.8.8", "loopback"],
    ["0.0.0.0", "loopback"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["10.1.2.3", "private"],
    ["172.31.255.255", "private"],
    ["192.168.0.1", "private"],
    ["169.254.1.1", "private"],
    ["100.64.0.1", "private"],
    ["224.0.0.1", "private"],
    ["255.255.255.255", "private"],
    ["fe80::1", "private"],
    ["fd12::1", "private"],
    ["64:ff9b::7f00:1", "private"],
    ["not an address", "private"],
    ["172.32.0.1", "public"],
    ["8.8.8.8", "public"],
    ["2606:4700::1111", "public"],
  ])("%s is %s", (address, expected) => {
    expect(classifyAddress(address)).toBe(expected);
  });
});

describe("fetchImage", () => {
  it.each([
    ["all of its addresses inside", ["10.0.0.5"], "private"],
    ["one of its addresses inside", ["93.184.216.34", "127.0.0.1"], "loopback"],
  ])("refuses a name with %s", async (_name, addresses, addressClass) => {
    const network = { resolve: async () => addresses, classify: classifyAddress };
    expect(await fetchImage(new URL("http://images.example/x.png"), network)).toEqual({
      outcome: "refused",
      addressClass,
    });
  });

  it("says so when the name has no address", async () => {
    const network = { resolve: () => Promise.reject(new Error("ENOTFOUND")), classify: classifyAddress };
    expect(await fetchImage(new URL("http://images.example/"), network)).toMatchObject({ outcome: "failed" });
  });

  it("connects to the address that was checked, whatever the name resolves to now", async () => {
    const port = await serve(() => ({ status: 200, type: "image/png", body: Buffer.alloc(10) }));
    // The name resolves nowhere but in the network that was handed in.
    expect(await fetchImage(new URL(`http://images.invalid:${port}/mug.png`), pretended)).toEqual({
      outcome: "fetched",
      addressClass: "public",
      type: "image/png",
      bytes: 10,
    });
  });

  it.each([
    ["a redirect", 302, "image/png", 10, "There is no image at this address."],
    ["a page", 200, "text/html", 10, "There is no image at this address."],
    ["too large an image", 200, "image/png", 1_000_001, "The image is larger than 1 MB."],
  ])("does not take %s", async (_name, status, type, bytes, reason) => {
    const port = await serve(() => ({ status, type, body: Buffer.alloc(bytes) }));
    expect(await fetchImage(new URL(`http://images.invalid:${port}/`), pretended)).toMatchObject({
      outcome: "failed",
      reason,
    });
  });
});
