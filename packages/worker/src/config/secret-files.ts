import type { Config } from "./schema.ts";
import { shownPath } from "./walk.ts";

/** What is wrong with a file that stands for a setting's value. */
export interface SecretFileProblem {
  readonly message: string;
  /** What the file should hold: `token`, `API key` … */
  readonly noun: string;
}

type Report = (path: readonly PropertyKey[], problem: SecretFileProblem) => void;

/** Reads the files that stand for tokens, keys, passwords and certificates (`tokenFile` for `token`), so that everything else finds the value itself in its place. */
export const readSecretFiles = (config: Config, readFile: (path: string) => string, report: Report): Config => {
  const filled = <Key extends string, Section extends { readonly [K in Key | `${Key}File`]?: string | undefined }>(
    section: Section,
    key: Key,
    noun: string,
    path: readonly PropertyKey[],
  ): Section => {
    const fileKey = `${key}File` as const;
    const file = section[fileKey];
    if (file === undefined) return section;
    const at = [...path, fileKey];
    if (section[key] !== undefined) {
      report(at, { message: `Both a ${noun} and a ${noun} file are given at \`${shownPath(path)}\`.`, noun });
      return section;
    }
    try {
      const value = readFile(file).trim();
      if (value !== "") return { ...section, [key]: value };
      report(at, { message: `The ${noun} file ${file} is empty.`, noun });
    } catch (error) {
      report(at, { message: `The ${noun} file ${file} cannot be read: ${(error as Error).message}.`, noun });
    }
    return section;
  };
  let { elasticsearch } = config;
  if (elasticsearch !== undefined) {
    const at = ["elasticsearch"];
    elasticsearch = filled(elasticsearch, "apiKey", "API key", at);
    elasticsearch = filled(elasticsearch, "password", "password", at);
    elasticsearch = filled(elasticsearch, "ca", "certificate", at);
  }
  return {
    ...config,
    ...(elasticsearch === undefined ? {} : { elasticsearch }),
    otlp: filled(config.otlp, "token", "token", ["otlp"]),
    api: {
      ...config.api,
      tokens: config.api.tokens.map((token, index) => filled(token, "token", "token", ["api", "tokens", index])),
    },
    alerter: {
      ...config.alerter,
      alertmanager: filled(config.alerter.alertmanager, "token", "token", ["alerter", "alertmanager"]),
    },
  };
};
