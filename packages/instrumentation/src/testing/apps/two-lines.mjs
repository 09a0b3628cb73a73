// Started in code, twice, instead of by --import.
// oxlint-disable-next-line no-restricted-imports -- an application imports the package by its name.
import { startVedette } from "@vedette/instrumentation";

const first = startVedette({ serviceName: "started-in-code" });
process.stdout.write(`once: ${first === startVedette()}\n`);
await import("./service.mjs");
