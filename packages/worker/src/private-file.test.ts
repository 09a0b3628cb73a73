import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { explainStartFailure } from "./cli/start-failure.ts";
import { writePrivateFile } from "./private-file.ts";
import { loadGuardSequence } from "./responder/guard-sequence.ts";
import { loadGuardSigner } from "./responder/guard-key.ts";
import { loadAdminToken } from "./server/tokens.ts";

const random = { bytes: (count: number) => randomBytes(count) };
const rsaKey = (): string =>
  generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey.export({ format: "pem", type: "pkcs8" });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vedette-private-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a file of the data folder that is not what the worker wrote", () => {
  it.each<[name: string, file: string, write: (path: string) => Promise<unknown>, load: () => Promise<unknown>]>([
    ["is no number", "guard-sequence", (path) => writeFile(path, "garbage"), () => loadGuardSequence(folder)],
    ["is empty", "guard-sequence", (path) => writeFile(path, ""), () => loadGuardSequence(folder)],
    ["is no key", "guard-key.pem", (path) => writeFile(path, "garbage"), () => loadGuardSigner(folder, random)],
    ["is another key", "guard-key.pem", (path) => writeFile(path, rsaKey()), () => loadGuardSigner(folder, random)],
    ["cannot be read", "admin-token", (path) => mkdir(path), () => loadAdminToken(folder, random)],
  ])("is named with its cure, without a stack: %s (%s)", async (_, file, write, load) => {
    await write(join(folder, file));
    const error: unknown = await load().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "data-folder-damaged", retryable: false });
    const text = explainStartFailure("vedette start", error);
    expect(text).toMatch(/^vedette start: .+ \(data-folder-damaged\)$/);
    expect(text).toContain(join(folder, file));
    expect(text).toMatch(/Restore it|restore it/);
  });

  it("is named when it cannot be written", async () => {
    await expect(writePrivateFile(join(folder, "missing", "file"), "x")).rejects.toMatchObject({
      code: "data-folder-unwritable",
      message: expect.stringContaining(join(folder, "missing", "file")) as unknown,
    });
  });
});
