import type { LogSource } from "@vedette/detection";
import { InvalidArgumentError, Option } from "commander";

/** Reads a port: 0 (any free one) to 65535. */
export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return port;
}

/** `--pipeline` where there are no events to read. */
export function pipelineFileOption(): Option {
  return repeated("--pipeline <file>", "processing pipeline to put the rules through; may be given again");
}

function repeated(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([], "none");
}

/** `--pipeline` and `--logsource`: how events are read. */
export function eventOptions(): readonly Option[] {
  return [
    repeated(
      "--pipeline <name>",
      "a mapping to read every event by (by default each is read by the first that accepts it), or a file of a processing pipeline to put the rules through; may be given again",
    ),
    new Option(
      "--logsource <list>",
      "Sigma log source of events whose own fields do not tell it, e.g. product=nodejs,category=application",
    ).argParser(logSourceOption),
  ];
}

/** Reads `product=a,category=b,service=c`. */
export function logSourceOption(text: string): LogSource {
  const parts: [string, string][] = [];
  for (const part of text.split(",")) {
    const [key, value, ...rest] = part.trim().split("=");
    if (!/^(product|category|service)$/.test(key ?? "") || !value || rest.length > 0)
      throw new InvalidArgumentError("write it as product=NAME,category=NAME,service=NAME; each may be left out.");
    parts.push([key ?? "", value.toLowerCase()]);
  }
  return Object.fromEntries(parts);
}
