import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Pipeline, type PipelineFile, type Problem, loadPipelines } from "@vedette/detection";
import { RULE_SOURCE_ERROR_CODES } from "./error-codes.ts";

/** Pipelines that could be read, and what is wrong with the others. */
export interface PipelineSource {
  readonly pipelines: readonly Pipeline[];
  readonly problems: readonly Problem[];
}

const MAX_BYTES = 16 * 1024 * 1024;

type Code = "pipeline-file-unreadable" | "pipeline-file-type" | "pipeline-folder-empty";

/** Whether a path looks like that of a pipeline file, and not like the name of a mapping. */
export function isPipelinePath(text: string): boolean {
  return /\.ya?ml$/i.test(text) || /[/\\]/.test(text);
}

/**
 * Reads processing pipelines. A path is a YAML file or a folder (searched at any depth, in the order of names). They are applied by priority,
 * then in the order given. What cannot be read is a problem; the rest goes on.
 */
export function readPipelines(paths: readonly string[]): PipelineSource {
  const files: PipelineFile[] = [];
  const problems: Problem[] = [];
  const complain = (code: Code, path: string, detail: string): void => {
    const { summary, cure } = RULE_SOURCE_ERROR_CODES[code];
    problems.push({ code, path, message: `${summary.slice(0, -1)}: ${detail}`, suggestion: cure, severity: "error" });
  };
  const attempt = <Result>(path: string, act: () => Result): Result | undefined => {
    try {
      return act();
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      complain("pipeline-file-unreadable", path, code === "ENOENT" ? "there is no such file." : `${message ?? code}.`);
      return undefined;
    }
  };
  const readFile = (path: string): void => {
    const text = attempt(path, () => {
      if (statSync(path).size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
      return readFileSync(path, "utf8");
    });
    if (text !== undefined) files.push({ path, text });
  };
  for (const path of paths) {
    const isFolder = attempt(path, () => statSync(path).isDirectory());
    if (isFolder === undefined) continue;
    if (isFolder) {
      const names = attempt(path, () => readdirSync(path, { recursive: true, encoding: "utf8" })) ?? [];
      const found = names.filter((name) => /\.ya?ml$/i.test(name)).toSorted();
      if (found.length === 0) complain("pipeline-folder-empty", path, "there is no .yml or .yaml file in it.");
      for (const name of found) readFile(join(path, name));
    } else if (/\.ya?ml$/i.test(path)) readFile(path);
    else complain("pipeline-file-type", path, "the name ends neither in .yml nor in .yaml.");
  }
  const loaded = loadPipelines(files);
  return { pipelines: loaded.pipelines, problems: [...problems, ...loaded.problems] };
}
