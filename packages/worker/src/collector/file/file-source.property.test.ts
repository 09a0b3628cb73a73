import { appendFile, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { silentObserver } from "../observer.ts";
import { createMemoryInbox } from "../testing/memory-inbox.ts";
import { NOW, silentLog } from "../testing/otlp-server.ts";
import { createFileSource, type FileSource } from "./file-source.ts";

/** What happens to a log file and to its reader. */
type Step =
  | { readonly do: "write"; readonly lines: number; readonly cut: number }
  | { readonly do: "rotate" | "poll" | "restart" | "fail before commit" | "fail after commit" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      lines: fc.integer({ min: 1, max: 4 }),
      cut: fc.nat({ max: 40 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(
        "rotate" as const,
        "poll" as const,
        "poll" as const,
        "restart" as const,
        "fail before commit" as const,
        "fail after commit" as const,
      )
      .map((name) => ({ do: name })),
  },
);

it("takes every line exactly once, through rotations, restarts and failing commits in any order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const folder = await mkdtemp(join(tmpdir(), "vedette-lines-"));
      const path = join(folder, "a.log");
      const inbox = createMemoryInbox();
      const { appendFrom } = inbox;
      let failure: "before" | "after" | undefined;
      inbox.appendFrom = async (source, checkpoint, records) => {
        const planned = failure;
        failure = undefined;
        if (planned === "before") throw new Error("not committed");
        const result = await appendFrom(source, checkpoint, records);
        if (planned === "after") throw new Error("committed, but the answer was lost");
        return result;
      };
      let now = NOW;
      const open = (): FileSource =>
        createFileSource({
          config: { type: "file", name: "s", path, start: "beginning", maxLineBytes: 1_000, pollInterval: 1 },
          store: inbox,
          ports: { clock: { now: () => now }, timers: { sleep: async () => undefined }, log: silentLog },
          observer: silentObserver,
          mappings: [],
        });
      let source = open();
      let written = 0;
      let rest = "";
      let rotations = 0;
      try {
        const poll = async (): Promise<boolean> => source.poll().catch(() => true);
        for (const current of steps) {
          if (current.do === "write") {
            const lines = Array.from(
              { length: current.lines },
              () => `${JSON.stringify({ id: (written += 1) })}\n`,
            ).join("");
            // A line may reach the file in two pieces, with anything in between.
            const all = rest + lines;
            const cut = Math.max(0, all.length - current.cut);
            await appendFile(path, all.slice(0, cut));
            rest = all.slice(cut);
          } else if (current.do === "rotate") {
            await appendFile(path, rest);
            rest = "";
            rotations += 1;
            await rename(path, `${path}.${rotations}`);
          } else if (current.do === "restart") {
            await source.release();
            source = open();
          } else if (current.do === "poll") await poll();
          else {
            failure = current.do === "fail before commit" ? "before" : "after";
            await poll();
            failure = undefined;
          }
          // As in life: a reader that is never there between two rotations cannot know of the file in between.
          if (current.do === "rotate" || current.do === "write") await poll();
        }
        await appendFile(path, rest);
        while (await poll());
        now += 6_000;
        while (await poll());
        const ids = inbox.records.map(({ document }) => document["id"] as number).sort((a, b) => a - b);
        expect(ids).toEqual(Array.from({ length: written }, (_, index) => index + 1));
      } finally {
        await source.release();
        await rm(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 150 },
  );
});
