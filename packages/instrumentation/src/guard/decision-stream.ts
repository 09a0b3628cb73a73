import { GUARD_PATHS } from "@vedette/semconv";
import { createEventStreamParser } from "./event-stream.ts";
import { MAX_SNAPSHOT_CHARACTERS } from "./snapshot.ts";
import type { Timing } from "./timing.ts";
import type { WorkerClient } from "./worker-client.ts";

/**
 * How a stream ended. `refused`: answered, but not with a stream; `unreachable`: nobody answered; `held_back`: open, and what was sent did not come, came late or
 * was followed by silence; `cut`: it had worked.
 */
export type StreamEnd = "refused" | "unreachable" | "held_back" | "cut";

/** What is told about a stream. */
export interface StreamListener {
  /** A snapshot came. @returns How many milliseconds later than the promptest one so far it came. */
  readonly onSnapshot: (data: string) => number;
  /** The stream ended; called once. */
  readonly onEnd: (end: StreamEnd, cause: unknown) => void;
}

/** Opens the worker's stream of decisions (server-sent events). @returns Closes it; the listener then hears no more. */
export function openDecisionStream(client: WorkerClient, timing: Timing, listener: StreamListener): () => void {
  const outgoing = client.open(GUARD_PATHS.stream, "text/event-stream");
  let ended = false;
  let came = false;
  let watch: NodeJS.Timeout | undefined;
  const close = (): void => {
    ended = true;
    clearTimeout(watch);
    outgoing.destroy();
  };
  const end = (how: StreamEnd, cause: unknown): void => {
    if (ended) return;
    close();
    listener.onEnd(how, cause);
  };
  const expect = (milliseconds: number, what: string): void => {
    clearTimeout(watch);
    watch = setTimeout(() => end("held_back", new Error(what)), milliseconds);
    watch.unref();
  };
  expect(timing.firstSnapshot, "the stream does not begin");
  outgoing.on("error", (cause) => end(came ? "cut" : "unreachable", cause));
  outgoing.on("response", (response) => {
    const type = response.headers["content-type"] ?? "";
    if (response.statusCode !== 200 || !type.startsWith("text/event-stream")) {
      response.resume();
      end("refused", new Error(`answer ${response.statusCode}${type === "" ? "" : ` of ${type}`}`));
      return;
    }
    outgoing.setTimeout(0);
    expect(timing.firstSnapshot, "the stream holds its first snapshot back");
    const parser = createEventStreamParser(MAX_SNAPSHOT_CHARACTERS);
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      try {
        for (const event of parser.push(chunk)) {
          if (event.event !== "snapshot") continue;
          came = true;
          if (listener.onSnapshot(event.data) > timing.lateness) {
            end("held_back", new Error("the stream brings snapshots late"));
            return;
          }
        }
        if (came && !ended) expect(timing.silence, "the stream is silent");
      } catch (cause) {
        end("cut", cause);
      }
    });
    response.on("error", (cause) => end("cut", cause));
    response.on("close", () => end("cut", undefined));
  });
  return close;
}
