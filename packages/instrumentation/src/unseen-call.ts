/** Frames that stand on the stack between a caller and the function that {@link callUnseen} calls: its own, and the wrapper's that calls it. */
const FRAMES = 2;

/**
 * Calls a function so that the stack trace of what it throws is the one that it has without us: our frames are taken out, and room is
 * made for as many at its end.
 *
 * @param file `import.meta.filename` of the wrapper that calls this, and whose frame is to be taken out as well.
 */
export function callUnseen<Result>(
  original: (this: never, ...args: never[]) => Result,
  self: unknown,
  args: readonly unknown[],
  file: string,
): Result {
  const limit: unknown = Error.stackTraceLimit;
  if (typeof limit !== "number" || limit === 0) return Reflect.apply(original, self, args) as Result;
  Error.stackTraceLimit = limit + FRAMES;
  try {
    return Reflect.apply(original, self, args) as Result;
  } catch (cause) {
    Error.stackTraceLimit = limit;
    takeOut(cause, file, limit);
    throw cause;
  } finally {
    // The function may have set a limit of its own meanwhile.
    if (Error.stackTraceLimit === limit + FRAMES) Error.stackTraceLimit = limit;
  }
}

function takeOut(cause: unknown, file: string, limit: number): void {
  // A trace in another form is the application's own affair.
  if (!(cause instanceof Error) || typeof cause.stack !== "string") return;
  const lines = cause.stack.split("\n");
  const isFrame = (line: string): boolean => /^\s+at /.test(line);
  const kept = lines.filter((line) => !(isFrame(line) && (line.includes(file) || line.includes(import.meta.filename))));
  const frames = kept.filter(isFrame).length;
  if (kept.length === lines.length && frames <= limit) return;
  let excess = frames - limit;
  while (excess > 0 && isFrame(kept.at(-1) ?? "")) {
    kept.pop();
    excess--;
  }
  cause.stack = kept.join("\n");
}
