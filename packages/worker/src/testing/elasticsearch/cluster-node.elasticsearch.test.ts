import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts, startNode } from "./cluster-node.ts";
import { makeNodesFolder } from "./node-configuration.ts";

let folder: string;
beforeAll(() => {
  folder = makeNodesFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function certificate(): { key: string; certificate: string } {
  const key = join(folder, "key.pem");
  const file = join(folder, "certificate.pem");
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  execFileSync(
    "openssl",
    [...request.split(" "), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", file],
    {
      stdio: "pipe",
    },
  );
  return { key: readFileSync(key, "utf8"), certificate: readFileSync(file, "utf8") };
}

test("a node with security and TLS keeps its data when it is killed", { timeout: 300_000 }, async () => {
  const [port = 0, transportPort = 0] = await freePorts(2);
  const options = {
    folder: join(folder, "node"),
    port,
    transportPort,
    password: "a-password",
    tls: certificate(),
  };
  const node = await startNode(options);
  try {
    const client = node.client();
    await client.index({ index: "kept", id: "1", document: {}, refresh: true });
    await client.close();
    const stranger = new Client({ node: node.url, tls: { ca: options.tls.certificate }, maxRetries: 0 });
    await expect(stranger.info()).rejects.toMatchObject({ statusCode: 401 });
    await stranger.close();
  } finally {
    await node.kill();
  }
  await using again = await startNode(options);
  const client = again.client();
  expect(await client.exists({ index: "kept", id: "1" })).toBe(true);
  await client.close();
});
