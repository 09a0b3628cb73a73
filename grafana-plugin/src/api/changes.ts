import { getBackendSrv } from "@grafana/runtime";
import { type Change, changeSchema, STREAM_EVENTS, STREAM_PATH } from "@vedette/api";
import { Observable, repeat, retry, share, timer } from "rxjs";
import { parseEventStream } from "./parse-event-stream.ts";
import { WORKER_PROXY } from "./worker.ts";

/** What kind of thing changed; `resync` when anything may have. */
export type ChangedKind = Change["kind"] | "resync";

/** Milliseconds until a lost stream is asked for again: 2 s, then twice as long each time, up to a minute. */
const pause = (attempt: number) => timer(Math.min(60_000, 1_000 * 2 ** attempt));

const stream = new Observable<ChangedKind>((subscriber) => {
  const parse = parseEventStream(({ event, data }) => {
    if (event === STREAM_EVENTS.resync) subscriber.next("resync");
    if (event !== STREAM_EVENTS.change) return;
    const change = changeSchema.safeParse(JSON.parse(data));
    // A kind that this version does not know may still concern what is on show.
    subscriber.next(change.success ? change.data.kind : "resync");
  });
  return getBackendSrv()
    .chunked({
      url: `${WORKER_PROXY}${STREAM_PATH}`,
      method: "GET",
      headers: { accept: "text/event-stream" },
      showErrorAlert: false,
    })
    .subscribe({
      next: ({ data }) => data !== undefined && parse(data),
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
});

/**
 * Hints about what changed in the worker, over one connection for all pages. It is a hint alone: a proxy may hold the stream back or
 * not let it through, so pages poll as well and are right without it.
 */
export const changes: Observable<ChangedKind> = stream.pipe(
  retry({ delay: (_error, attempt) => pause(attempt), resetOnSuccess: true }),
  repeat({ delay: pause }),
  share({ resetOnRefCountZero: () => timer(5_000) }),
);
