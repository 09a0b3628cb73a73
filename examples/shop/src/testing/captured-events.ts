import { logs, type LogRecord } from "@opentelemetry/api";

/** One event that the shop reported. */
export interface CapturedEvent {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const captured: CapturedEvent[] = [];
let installed = false;

/** Catches what is reported in this process from now on. */
export function captureEvents(): void {
  if (installed) return;
  installed = true;
  const logger = {
    enabled: () => true,
    emit: ({ eventName = "", attributes = {} }: LogRecord) => {
      captured.push({ name: eventName, attributes: { ...attributes } });
    },
  };
  logs.setGlobalLoggerProvider({ getLogger: () => logger });
}

/** Hands over the events caught since the last call. */
export function takeEvents(): readonly CapturedEvent[] {
  return captured.splice(0);
}
