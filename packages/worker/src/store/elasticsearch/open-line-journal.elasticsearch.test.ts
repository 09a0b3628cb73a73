import { afterAll, beforeAll, expect, test } from "vitest";
import { createNodePorts } from "../../ports-node.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { silentLog } from "../../testing/silent-log.ts";
import { sampleEpisode } from "../../testing/store-samples.ts";
import { type ElasticsearchHome, makeElasticsearchHome } from "../testing/elasticsearch-homes.ts";
import { type LineJournal, openLineJournal } from "./open-line-journal.ts";

const node = useElasticsearch();
const ports = createNodePorts(silentLog);
let home: ElasticsearchHome;
beforeAll(async () => {
  home = await makeElasticsearchHome(node);
});
afterAll(async () => await home.remove());

const open = (line: string): LineJournal =>
  openLineJournal({
    cluster: home.cluster,
    writer: home.writer(home.cluster),
    prefix: home.prefix,
    line,
    ports,
  });

test("a line finds its cursor, blobs and episodes again, and only its own", async () => {
  await using one = open("correlate/1");
  await using two = open("correlate/2");
  expect(await one.recover()).toEqual({ step: 0, cursor: 0, blobs: new Map() });
  await one.commit({ id: "1", cursor: 5, inboxState: "five", blobs: [{ key: "g", value: "1" }] });
  await one.commit({
    id: "2",
    blobs: [
      { key: "g", value: null },
      { key: "h", value: "2" },
    ],
    episodes: [sampleEpisode("p1", { revision: 2 })],
    operations: [{ kind: "create", index: `${home.prefix}-findings-before`, id: "p1.2", document: { mark: 1 } }],
  });
  await one.commit({ id: "2", cursor: 99 });
  await two.commit({ id: "1", cursor: 1, blobs: [{ key: "g", value: "other" }] });
  await two.commit({ id: "2", episodes: [sampleEpisode("p1", { revision: 1, to: 7 })] });

  await using next = open("correlate/1");
  expect(await next.recover()).toEqual({ step: 2, cursor: 5, inboxState: "five", blobs: new Map([["h", "2"]]) });
  await using store = home.open();
  expect(await store.findings(["p1"]), "an older revision of another line replaces nothing").toEqual([
    sampleEpisode("p1", { revision: 2 }),
  ]);
  expect(await node.client.exists({ index: `${home.prefix}-findings-before`, id: "p1.2" })).toBe(true);
  await expect(one.commit({ id: "3" })).resolves.toBeUndefined();
  await expect(next.commit({ id: "3" })).rejects.toMatchObject({ code: "store-fenced", retryable: false });
});
