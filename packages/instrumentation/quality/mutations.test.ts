import { describe, expect, it } from "vitest";
import { inspectRequest } from "../src/inspect/inspect-request.ts";
import { readSettings } from "../src/settings.ts";
import { dataFolder, payloadRequests, type LabelledRequest } from "./labelled-data.ts";

const folder = dataFolder();
const required = process.env["VEDETTE_TEST_REQUIRE"] === "all";
const settings = { ...readSettings({}).settings.inspection, maxMilliseconds: 1000 };

const encode = (value: string): string => encodeURIComponent(value.toWellFormed());
let state = 7;
/** The same each time, so that a failure can be seen again. */
const flip = (): boolean => (state = (state * 1_103_515_245 + 12_345) & 0x7f_ff_ff_ff) % 2 === 0;

/** What changes nothing for who is attacked: a detector that knows payloads instead of what they mean sees less after it. */
const MUTATIONS: readonly (readonly [string, (value: string) => string])[] = [
  [
    "letters of either case",
    (value) => encode(value.replaceAll(/[a-z]/gi, (letter) => (flip() ? letter.toUpperCase() : letter.toLowerCase()))),
  ],
  ["tabs for spaces", (value) => encode(value.replaceAll(" ", "\t"))],
  ["line ends for spaces", (value) => encode(value.replaceAll(" ", "\n"))],
  ["plus signs for spaces", (value) => encode(value).replaceAll("%20", "+")],
  ["an encoding more", (value) => encode(encode(value))],
];

describe.skipIf(folder === undefined && !required)(
  `labelled values${folder === undefined ? " (skipped: the labelled data is not beside the repository)" : ""}`,
  () => {
    // A third of them is enough for a share.
    const requests: readonly LabelledRequest[] =
      folder === undefined ? [] : [...payloadRequests(folder)].filter((_request, index) => index % 3 === 0);

    it.each(MUTATIONS)(
      "with %s are judged as before",
      (_name, mutate) => {
        const share = (label: string): number => {
          const of = requests.filter((request) => request.label === label);
          const seen = of.filter(({ text, wanted }) =>
            inspectRequest("/s", `q=${mutate(text)}`, {}, settings).findings.some(({ indicator }) =>
              wanted.includes(indicator),
            ),
          );
          return seen.length / of.length;
        };
        expect(share("sqli")).toBeGreaterThan(0.995);
        expect(share("xss")).toBeGreaterThan(0.985);
        const reported = requests.filter(
          ({ label, text }) =>
            label === "benign" && inspectRequest("/s", `q=${mutate(text)}`, {}, settings).findings.length > 0,
        );
        expect(reported.length, reported.map(({ text }) => text).join("\n")).toBeLessThanOrEqual(4);
      },
      60_000,
    );
  },
);
