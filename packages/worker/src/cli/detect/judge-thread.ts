import { parentPort, workerData } from "node:worker_threads";
import { DEFAULT_MAPPINGS } from "@vedette/detection";
import { createChunkJudge } from "./judge-chunk.ts";
import { type FromJudgeThread, type JudgeThreadData, type ToJudgeThread, readSharedRules } from "./judge-pool.ts";

/** The thread of {@link JudgeThreadData}: judges chunks in the order they come. */
function run(port: NonNullable<typeof parentPort>, data: JudgeThreadData): void {
  const send = (message: FromJudgeThread, transfer: ArrayBuffer[]): void => port.postMessage(message, transfer);
  const { rules, mappings, ...options } = data;
  const judge = createChunkJudge({
    ...options,
    rules: readSharedRules(rules),
    mappings: DEFAULT_MAPPINGS.filter(({ name }) => mappings.includes(name)),
  });
  port.on("message", (chunk: ToJudgeThread) => {
    const result = judge(chunk);
    const buffer = chunk.kind === "lines" ? chunk.buffer : undefined;
    const transfer = [result.matches.columns.buffer, ...(buffer === undefined ? [] : [buffer])];
    if (result.newest !== undefined) transfer.push(result.newest.buffer);
    send({ kind: "judged", result, buffer }, transfer);
  });
  send({ kind: "ready" }, []);
}

if (parentPort !== null) run(parentPort, workerData as JudgeThreadData);
