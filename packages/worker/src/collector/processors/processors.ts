import type { ProcessorConfig } from "../../config/schema.ts";
import type { Log } from "../../ports.ts";
import type { RawRecord } from "../../record.ts";
import type { CollectorObserver } from "../observer.ts";
import { createFilterProcessor } from "./filter.ts";
import { createParseProcessor } from "./parse.ts";
import type { Processor } from "./processor.ts";
import { createRedactProcessor } from "./redact.ts";

/** Takes records through all processors in order. */
export type ProcessRecords = (records: readonly RawRecord[]) => readonly RawRecord[];

const create = (config: ProcessorConfig, observer: CollectorObserver): Processor => {
  const { name } = config;
  switch (config.type) {
    case "parse":
      return createParseProcessor(name);
    case "redact": {
      const { fields, defaults } = config;
      return createRedactProcessor({
        name,
        fields,
        defaults,
        onRedacted: (count) => observer.valuesRedacted(name, count),
      });
    }
    case "filter": {
      const { field, equals, prefix } = config;
      return createFilterProcessor({ name, field, equals, prefix, onFiltered: () => observer.eventsFiltered(name, 1) });
    }
  }
};

/** Runs processors one after the other. One that fails is counted, and the record goes on as the processor has it in that case: as it was before, or without what may be secret. */
export const runProcessors = (
  processors: readonly Processor[],
  { observer, log }: { readonly observer: CollectorObserver; readonly log: Log },
): ProcessRecords => {
  const through = (record: RawRecord): RawRecord | undefined => {
    let current = record;
    for (const processor of processors) {
      try {
        const next = processor.apply(current);
        if (next === undefined) return undefined;
        current = next;
      } catch (error) {
        observer.processorFailed(processor.name);
        log.warn(
          { error, processor: processor.name, record: record.id },
          processor.whenFailed
            ? "a processor failed; the record goes on without its values"
            : "a processor failed; the record goes on unchanged",
        );
        current = processor.whenFailed?.(current) ?? current;
      }
    }
    return current;
  };
  if (processors.length === 0) return (records) => records;
  return (records) => records.map(through).filter((record) => record !== undefined);
};

/** Creates the processors of a configuration. */
export const createProcessors = (
  configs: readonly ProcessorConfig[],
  options: { readonly observer: CollectorObserver; readonly log: Log },
): ProcessRecords =>
  runProcessors(
    configs.map((config) => create(config, options.observer)),
    options,
  );
