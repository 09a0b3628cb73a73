import type { Client } from "@elastic/elasticsearch";

/**
 * Removes the indices, data streams and templates whose names begin so. Of a data stream an empty write index stays: the server of the tests lacks the API that
 * deletes data streams.
 */
export async function removeIndices(client: Client, prefix: string): Promise<void> {
  const patterns = [`${prefix}*`, `.ds-${prefix}*`];
  const found = await client.indices.get({
    index: patterns,
    ignore_unavailable: true,
    allow_no_indices: true,
    expand_wildcards: "all",
    features: ["settings"],
    flat_settings: true,
  });
  const streams = new Set(Object.values(found).flatMap(({ data_stream: stream }) => stream ?? []));
  const kept = new Set<string>();
  for (const stream of streams) {
    const { new_index: writeIndex } = await client.indices.rollover({ alias: stream });
    kept.add(writeIndex);
  }
  const removed = Object.keys(found).filter((index) => !kept.has(index));
  // Names make the request's first line, whose length is bounded.
  for (let from = 0; from < removed.length; from += 20)
    await client.indices.delete({ index: removed.slice(from, from + 20), ignore_unavailable: true });
  if (streams.size === 0) {
    await client.indices.deleteIndexTemplate({ name: `${prefix}*` }, { ignore: [404] });
    await client.cluster.deleteComponentTemplate({ name: `${prefix}*` }, { ignore: [404] });
  }
}
