import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file that is there. */
export interface FoundFile {
  readonly path: string;
  readonly device: string;
  readonly inode: string;
  readonly size: number;
}

/** Compressed files, which a rotation leaves behind, hold no lines. */
const COMPRESSED = /\.(gz|zst|bz2|xz|lz4|zip)$/i;

const toPattern = (name: string): RegExp | undefined =>
  /[*?]/.test(name)
    ? new RegExp(
        `^${name
          .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
          .replaceAll(/\*+/g, "[^]*")
          .replaceAll("?", "[^]")}$`,
      )
    : undefined;

/** One file by path, undefined when it is not there or no regular file. */
export const findFile = async (path: string): Promise<FoundFile | undefined> => {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) return undefined;
    return { path, device: String(found.dev), inode: String(found.ino), size: Number(found.size) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
};

/** Files of a path whose last part may hold `*` and `?`, by name; the folder itself is taken as it is written. */
export const findFiles = async (path: string): Promise<readonly FoundFile[]> => {
  const pattern = toPattern(basename(path));
  if (pattern === undefined) {
    const file = await findFile(path);
    return file === undefined ? [] : [file];
  }
  const folder = dirname(path);
  const names = (await readdir(folder)).filter((name) => pattern.test(name) && !COMPRESSED.test(name)).sort();
  const files = await Promise.all(names.map((name) => findFile(join(folder, name))));
  return files.filter((file) => file !== undefined);
};

/** The file of a folder with a device and inode, whatever its name is now; undefined when it is gone. */
export const findInFolder = async (folder: string, device: string, inode: string): Promise<FoundFile | undefined> => {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return undefined;
  }
  for (const name of names) {
    const file = await findFile(join(folder, name));
    if (file?.device === device && file.inode === inode) return file;
  }
  return undefined;
};
