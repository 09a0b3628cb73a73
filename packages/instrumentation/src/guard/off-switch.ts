import { existsSync } from "node:fs";

/** Says whether the guard is switched off: by a setting, by a file, or by the worker for all of its guards. */
export interface OffSwitch {
  isOff(): boolean;
  /** What the last snapshot said. */
  setByWorker(off: boolean): void;
}

const LOOK_EVERY = 1_000;

/**
 * Makes the switch.
 *
 * @param options.off True for good.
 * @param options.file The guard is off while it exists; looked for at most once a second, and only when a request would be touched.
 * @param options.onChange Told when it went off or on.
 */
export function createOffSwitch(options: {
  readonly off: boolean;
  readonly file: string | undefined;
  readonly now: () => number;
  readonly onChange: (off: boolean) => void;
}): OffSwitch {
  const { file, now, onChange } = options;
  let byWorker = false;
  let byFile = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let told = false;
  const tell = (): boolean => {
    const off = options.off || byWorker || byFile;
    if (off !== told) onChange(off);
    told = off;
    return off;
  };
  tell();
  return {
    isOff() {
      if (file !== undefined) {
        const time = now();
        if (Math.abs(time - lookedAt) >= LOOK_EVERY) {
          lookedAt = time;
          byFile = existsSync(file);
        }
      }
      return tell();
    },
    setByWorker(off) {
      byWorker = off;
      tell();
    },
  };
}
