/** One server-sent event as it was read; a comment has the name `:`. */
export interface ReadEvent {
  readonly event: string;
  readonly data: string;
  readonly id?: string;
}

/** Reads the events of an answer one by one. */
export function readEvents(response: Response): {
  next(): Promise<ReadEvent>;
  ended(): Promise<boolean>;
  cancel(): Promise<void>;
} {
  if (response.body === null) throw new Error("the answer has no body");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  return {
    async next() {
      while (!buffered.includes("\n\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream has ended");
        buffered += value;
      }
      const end = buffered.indexOf("\n\n");
      const lines = buffered.slice(0, end).split("\n");
      buffered = buffered.slice(end + 2);
      if (lines[0]?.startsWith(":") === true) return { event: ":", data: lines[0].slice(1).trim() };
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const id = field("id");
      return { event: field("event") ?? "message", data: field("data") ?? "", ...(id === undefined ? {} : { id }) };
    },
    ended: async () => {
      try {
        for (;;) if ((await reader.read()).done) return true;
      } catch {
        return true;
      }
    },
    cancel: () => reader.cancel(),
  };
}
