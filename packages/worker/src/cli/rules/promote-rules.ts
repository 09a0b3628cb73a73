import { join } from "node:path";
import {
  type ImportManifest,
  type ImportState,
  MANIFEST_FILE,
  readManifest,
  writeManifest,
} from "../../rules/import/manifest.ts";
import type { CommandOutput } from "../command-output.ts";
import { printable } from "../text-table.ts";
import { counted } from "./loaded-rules.ts";

/** What `rules promote` and `rules demote` are told. */
export interface PromoteOptions {
  readonly in: string;
  readonly all?: boolean;
  readonly off?: boolean;
}

/** Changes what imported rules may do: by id, name of the file or its beginning below the folder, or all. */
export function setImportState(
  ids: readonly string[],
  state: ImportState,
  { in: folder, all }: PromoteOptions,
  output: CommandOutput,
): void {
  const fail = (message: string): void => {
    output.complain(message);
    output.exit(2);
  };
  if ((ids.length === 0) === (all !== true)) return fail("Name rules by their ids, or say --all.");
  let manifest: ImportManifest | undefined;
  try {
    manifest = readManifest(folder);
  } catch (error) {
    return fail(`${join(folder, MANIFEST_FILE)} cannot be read: ${(error as Error).message}`);
  }
  if (manifest === undefined)
    return fail(
      `There is no ${MANIFEST_FILE} in ${folder}: name the folder that "vedette rules import" wrote with --in.`,
    );
  const entries = Object.entries(manifest.files);
  const unknown = ids.filter(
    (id) => !entries.some(([path, { rules }]) => path === id || path.startsWith(`${id}/`) || rules.includes(id)),
  );
  if (unknown.length > 0)
    return fail(
      `${unknown.map(printable).join(", ")}: no imported rule, file or folder of that name in ${printable(folder)}. Nothing was changed.`,
    );
  let changed = 0;
  const files = Object.fromEntries(
    entries.map(([path, file]) => {
      const chosen =
        all === true || ids.some((id) => path === id || path.startsWith(`${id}/`) || file.rules.includes(id));
      if (!chosen || file.state === state) return [path, file];
      changed += 1;
      return [path, { ...file, state }];
    }),
  );
  try {
    writeManifest(folder, { ...manifest, files });
  } catch (error) {
    return fail(`${join(folder, MANIFEST_FILE)} cannot be written: ${(error as Error).message}`);
  }
  output.print(
    `${counted(changed, "file")} now ${state}, of ${entries.length} imported. A running worker takes it over when it is started again.`,
  );
  output.exit(0);
}
