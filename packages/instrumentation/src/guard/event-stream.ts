/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads the text of a stream piece by piece. */
export interface EventStreamParser {
  /** @throws RangeError when one event is longer than the limit. */
  push(chunk: string): readonly ServerSentEvent[];
}

/**
 * Makes a parser of `text/event-stream` (HTML standard, section 9.2.6), without ids and retry times, which the guard does not use.
 *
 * @param maxLength Characters that one event may have.
 */
export function createEventStreamParser(maxLength: number): EventStreamParser {
  let rest = "";
  let event = "";
  let data: string[] = [];
  let length = 0;
  return {
    push(chunk) {
      const events: ServerSentEvent[] = [];
      rest += chunk;
      let start = 0;
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", start)) {
        const line = rest.slice(start, rest[end - 1] === "\r" && end > start ? end - 1 : end);
        start = end + 1;
        if (line === "") {
          if (data.length > 0) events.push({ event: event === "" ? "message" : event, data: data.join("\n") });
          event = "";
          data = [];
          length = 0;
          continue;
        }
        length += line.length;
        if (length > maxLength)
          throw new RangeError(`An event of the guard stream is longer than ${maxLength} characters.`);
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
        if (field === "event") event = value;
        if (field === "data") data.push(value);
      }
      rest = rest.slice(start);
      if (rest.length + length > maxLength)
        throw new RangeError(`An event of the guard stream is longer than ${maxLength} characters.`);
      return events;
    },
  };
}
