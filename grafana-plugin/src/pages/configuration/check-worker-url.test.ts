import { expect, it } from "vitest";
import { checkWorkerUrl } from "./check-worker-url.ts";

it.each(["http://127.0.0.1:7333", "https://worker.example/vedette/", " http://localhost:7333 "])("takes %j", (text) => {
  expect(checkWorkerUrl(text)).toBeUndefined();
});

it.each(["", "127.0.0.1:7333", "ftp://worker", "http://user:secret@worker", "http://worker/?a=1", "http://worker/#a"])(
  "refuses %j with a word about it",
  (text) => {
    expect(checkWorkerUrl(text)).toMatch(/\.$/);
  },
);
