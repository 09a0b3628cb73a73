import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { makeElasticsearchHome } from "../testing/elasticsearch-homes.ts";
import { describeStoreContract } from "../testing/store-contract.ts";

const node = useElasticsearch();

describeStoreContract("Elasticsearch", async () => {
  const home = await makeElasticsearchHome(node);
  return { open: async () => home.open(), remove: () => home.remove() };
});
