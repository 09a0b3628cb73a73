import type { LogSource } from "../event.ts";

/** Identities that are remembered; of more, all are forgotten, so that documents with ever new names cost no memory. */
const MAX_REMEMBERED = 4_096;

/** Longer identities than any real one are not remembered. */
const MAX_LENGTH = 512;

/** Remembers log sources by identity: the same identity gives the same frozen list, so that readers may recognise it. */
export function createLogSourceCache(): (identity: string, decide: () => readonly LogSource[]) => readonly LogSource[] {
  const known = new Map<string, readonly LogSource[]>();
  return (identity, decide) => {
    const remembered = known.get(identity);
    if (remembered !== undefined) return remembered;
    const result = Object.freeze([...decide()]);
    if (identity.length > MAX_LENGTH) return result;
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(identity, result);
    return result;
  };
}
