import { parseArgs } from "node:util";
import { qualityTables, writeQuality } from "./figures.ts";
import { measureInProcess, measureOverTheWire } from "./measure.ts";
import { dataFolder } from "./labelled-data.ts";

// npm run quality -w @vedette/instrumentation -- [--in-process] [--half even|odd] [--wrong SET] [--write]
const { values } = parseArgs({
  options: {
    "in-process": { type: "boolean", default: false },
    half: { type: "string" },
    wrong: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const folder = dataFolder();
if (folder === undefined) console.log("The labelled data is not here: nothing was measured.");
else {
  const half = values.half === "even" || values.half === "odd" ? values.half : undefined;
  const rows = values["in-process"] ? measureInProcess(folder, half) : await measureOverTheWire(folder, half);
  for (const row of rows)
    console.log(
      `${`${row.set}, ${row.label}`.padEnd(56)} ${String(row.detected).padStart(6)} of ${String(row.requests).padStart(6)} ` +
        `${((row.detected / Math.max(row.requests, 1)) * 100).toFixed(2).padStart(7)} %${row.refused > 0 ? `   ${row.refused} refused by Node` : ""}`,
    );
  console.log(`\n${qualityTables(rows)}`);
  if (values.write) writeQuality(rows);
  if (values.wrong !== undefined)
    for (const row of rows)
      if (`${row.set} ${row.label}`.includes(values.wrong))
        for (const text of row.wrong) console.log(`${row.set} ${row.label}: ${JSON.stringify(text)}`);
}
