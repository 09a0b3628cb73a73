import type { JsonValue } from "../event.ts";

/** What is known while the items of a pipeline are applied to one rule. */
export interface Context {
  readonly state: Map<string, JsonValue>;
  /** Ids of items that changed a name of the field lists, by the name it has now. */
  readonly fieldsApplied: Map<string, Set<string>>;
  readonly mapped: MappedFields;
  readonly vars: ReadonlyMap<string, readonly string[]>;
  /** Whether one of the pipeline items around has a condition on the log source. */
  readonly isGated: boolean;
  /** How rules that a correlation refers to are found. */
  readonly logSourcesOf: () => readonly LogSourceLike[];
}

/** The parts of a log source that can be asked for. */
export interface LogSourceLike {
  readonly product?: string | undefined;
  readonly category?: string | undefined;
  readonly service?: string | undefined;
}

/** A context at the start of a pipeline. */
export function createContext(vars: Context["vars"], isGated: boolean, logSourcesOf: Context["logSourcesOf"]): Context {
  return { state: new Map(), fieldsApplied: new Map(), mapped: new MappedFields(), vars, isGated, logSourcesOf };
}

/** Which fields were mapped to which. */
export class MappedFields {
  readonly #targets = new Map<string, Set<string>>();
  readonly #sources = new Map<string, Set<string>>();

  /** Notes that a field has become others; a field that was itself a target is followed. Keywords are "". */
  add(source: string, targets: readonly string[]): void {
    for (const origin of this.#sources.get(source) ?? []) {
      const known = this.#targets.get(origin);
      known?.delete(source);
      for (const target of targets) known?.add(target);
    }
    const origins = this.#sources.get(source) ?? new Set();
    this.#sources.delete(source);
    for (const target of targets) {
      const before = this.#sources.get(target) ?? new Set();
      this.#sources.set(target, new Set([...before, ...origins, source]));
    }
    this.#targets.set(source, new Set([...(this.#targets.get(source) ?? []), ...targets]));
  }

  /** Takes over what another one knows. */
  merge(other: MappedFields): void {
    for (const [source, targets] of other.#targets) this.add(source, [...targets]);
  }

  /** Whether the field was mapped, or is what another was mapped to. */
  has(field: string): boolean {
    return this.#targets.has(field) || this.#sources.has(field);
  }
}
