import type { estypes } from "@elastic/elasticsearch";

/** Version of all templates together; it grows whenever one of them changes. */
export const TEMPLATE_VERSION = 2;

/** Marks what is ours: nothing without it is ever changed or deleted. */
export const metaOf = (kind: string, version: number = TEMPLATE_VERSION): estypes.Metadata => ({
  vedette: { version, kind },
});

/** Version and kind that a mapping or template says; undefined when it is not ours. */
export function readMeta(meta: unknown): { readonly version: number; readonly kind: string } | undefined {
  const ours = (meta as { vedette?: { version?: unknown; kind?: unknown } } | undefined)?.vedette;
  return typeof ours?.version === "number" && typeof ours.kind === "string"
    ? { version: ours.version, kind: ours.kind }
    : undefined;
}
