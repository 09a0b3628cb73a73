export type { Ports } from "./ports.ts";
export type { RawRecord, RefusedInput } from "./record.ts";
export type { Store } from "./store/store.ts";
