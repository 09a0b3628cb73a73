import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { useElasticsearch } from "../../../testing/elasticsearch/use-elasticsearch.ts";
import { sampleAlert } from "../../../testing/store-samples.ts";
import { type ElasticsearchHome, makeElasticsearchHome } from "../../testing/elasticsearch-homes.ts";
import { wholeStep } from "../../testing/store-contract.ts";
import { aliasOf, ALIASED_KINDS, backingOf } from "../names.ts";
import { type TemplateDefinition, templatesOf } from "./definitions.ts";
import { type InstallPlan, installTemplates } from "./install.ts";
import { metaOf, TEMPLATE_VERSION } from "./marks.ts";

const node = useElasticsearch();
let home: ElasticsearchHome;
beforeEach(async () => {
  home = await makeElasticsearchHome(node);
});
afterEach(async () => await home.remove());

/** The templates as a second version would have them, with one kind's fields changed. */
function secondVersion(kind: string, change: (properties: object) => object): InstallPlan {
  const templates = templatesOf(home.prefix, home.cluster.capabilities).map((template): TemplateDefinition => {
    const ofKind = template.name === `${home.prefix}-${kind}`;
    const { mappings, settings } = template.body.template ?? {};
    const of = (template.body._meta["vedette"] as { kind: string }).kind;
    return {
      ...template,
      body: {
        ...template.body,
        version: TEMPLATE_VERSION + 1,
        _meta: metaOf(of, TEMPLATE_VERSION + 1),
        ...(mappings === undefined || settings === undefined
          ? {}
          : {
              template: {
                settings,
                mappings: {
                  ...mappings,
                  _meta: metaOf(of, TEMPLATE_VERSION + 1),
                  properties: (ofKind ? change(mappings.properties ?? {}) : (mappings.properties ?? {})) as never,
                },
              },
            }),
      },
    };
  });
  return { version: TEMPLATE_VERSION + 1, templates };
}

describe("installing", () => {
  test("a second time does nothing, and a dry run tells what would be done without doing it", async () => {
    expect(await installTemplates(home.cluster, home.prefix)).toEqual([]);
    const other = `${home.prefix}-other`;
    const actions = await installTemplates(home.cluster, other, { dryRun: true });
    expect(actions.filter((action) => action.do === "create-index").map(({ name }) => name)).toEqual(
      ALIASED_KINDS.map((kind) => backingOf(other, kind, 1)),
    );
    expect(actions.some((action) => action.do === "put-template")).toBe(true);
    expect(await node.client.indices.exists({ index: `${other}-alerts` })).toBe(false);
    expect(await node.client.indices.existsIndexTemplate({ name: `${other}-alerts` })).toBe(false);
  });

  test("maps documents as they are written, and an index that was removed by mistake is not made with a guessed mapping", async () => {
    await using store = home.open();
    await store.commit(wholeStep("1"));
    for (const kind of ALIASED_KINDS) {
      const answer = await node.client.indices.getMapping({ index: aliasOf(home.prefix, kind) });
      const [mapping] = Object.values(answer);
      expect(Object.keys(mapping?.mappings.properties ?? {}).toSorted(), kind).toEqual(
        Object.keys(
          templatesOf(home.prefix, home.cluster.capabilities).find(({ name }) => name === aliasOf(home.prefix, kind))
            ?.body.template?.mappings.properties ?? {},
        ).toSorted(),
      );
    }
    await node.client.indices.delete({ index: backingOf(home.prefix, "outbox", 1) });
    const step = wholeStep("2", {
      effects: [{ ...(wholeStep("").effects?.[0] as never as object), id: "x2" } as never],
    });
    await expect(store.commit(step)).rejects.toMatchObject({ code: "elasticsearch-not-found" });
  });

  test("refuses what a newer version installed, and what is not ours", async () => {
    await installTemplates(home.cluster, home.prefix, { plan: secondVersion("none", (same) => same) });
    await expect(installTemplates(home.cluster, home.prefix)).rejects.toMatchObject({ code: "store-schema-newer" });
    const foreign = `${home.prefix}-x`;
    await node.client.indices.putIndexTemplate({ name: `${foreign}-alerts`, index_patterns: [`${foreign}-zzz-*`] });
    await expect(installTemplates(home.cluster, foreign)).rejects.toMatchObject({ code: "store-index-foreign" });
  });
});

describe("a second version of the templates", () => {
  test("that only adds fields extends the mappings in place", async () => {
    const plan = secondVersion("alerts", (properties) => ({ ...properties, tags: { type: "keyword" } }));
    const actions = await installTemplates(home.cluster, home.prefix, { plan });
    expect(new Set(actions.map((action) => action.do))).toEqual(new Set(["put-template", "put-mapping"]));
    const [mapping] = Object.values(await node.client.indices.getMapping({ index: aliasOf(home.prefix, "alerts") }));
    expect(mapping?.mappings.properties).toHaveProperty("tags");
    expect(await installTemplates(home.cluster, home.prefix, { plan })).toEqual([]);
  });

  test("that changes a field moves the documents with their versions, and a worker goes on", async () => {
    const store = home.open();
    await store.commit(wholeStep("1"));
    await store.commit({ id: "2", alerts: [sampleAlert("a1", { revision: 2 }), sampleAlert("a2")] });
    await store[Symbol.asyncDispose]();
    const plan = secondVersion("alerts", (properties) => ({ ...properties, message: { type: "keyword" } }));
    const actions = await installTemplates(home.cluster, home.prefix, { plan });
    const [from, into] = [backingOf(home.prefix, "alerts", 1), backingOf(home.prefix, "alerts", 2)];
    expect(actions.filter((action) => action.do === "reindex")).toEqual([
      { do: "reindex", name: from, into, alias: aliasOf(home.prefix, "alerts") },
    ]);
    expect(await node.client.indices.exists({ index: from })).toBe(false);
    expect((await node.client.get({ index: into, id: "a1" }))._version).toBe(2);
    expect(await installTemplates(home.cluster, home.prefix, { plan })).toEqual([]);
    await using next = home.open();
    expect((await next.recover(0)).alerts.map(({ id, revision }) => [id, revision])).toEqual([
      ["a1", 2],
      ["a2", 1],
    ]);
    await next.commit({ id: "3", alerts: [sampleAlert("a1", { revision: 3 })] });
    expect(
      (await next.listAlerts({ limit: 10 })).items.map(({ id, revision }) => `${id}/${revision}`).toSorted(),
    ).toEqual(["a1/3", "a2/1"]);
  });
});
