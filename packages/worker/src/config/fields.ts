import { z } from "zod";
import { parseDuration, parseSize } from "./units.ts";

/** What a setting is besides its type: a secret is never printed, a path is read relative to the configuration file's folder. */
export interface SettingMeta {
  readonly secret?: true;
  readonly path?: true;
  /** How the type is named in the documentation. */
  readonly type?: string;
}

const durationText = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  context.addIssue({ code: "custom", message: "expected a duration such as 500ms, 30s, 15m, 2h or 7d" });
  return z.NEVER;
});

/** A duration, in milliseconds once read. */
export const duration = (fallback: string, description: string) =>
  durationText.prefault(fallback).meta({ description, type: "duration" });

/** A duration that may be left out, in milliseconds once read. */
export const optionalDuration = (description: string) =>
  durationText.optional().meta({ description, type: "duration" });

/** A size, in bytes once read. */
export const size = (fallback: string, description: string) =>
  z
    .union([z.int().positive(), z.string()])
    .transform((value, context) => {
      const bytes = typeof value === "number" ? value : parseSize(value);
      if (bytes !== undefined && bytes > 0) return bytes;
      context.addIssue({ code: "custom", message: "expected a size such as 512KiB or 8MiB, or a number of bytes" });
      return z.NEVER;
    })
    .prefault(fallback)
    .meta({ description, type: "size" });

/** An address to listen on. */
export const host = (description: string) => z.string().min(1).default("127.0.0.1").describe(description);
/** A port; 0 takes any free one. */
export const port = (fallback: number, description: string) =>
  z.int().min(0).max(65_535).default(fallback).meta({ description, type: "port" });
/** A path, relative to the configuration file. */
export const path = (description: string) => z.string().min(1).meta({ description, type: "path", path: true });
/** A text that is never printed. */
export const secret = (description: string) =>
  z.string().min(1).optional().meta({ description, type: "secret", secret: true });
/** The path of a file that holds a secret. */
export const secretFile = (description: string) =>
  z.string().min(1).optional().meta({ description, type: "path", path: true });
/** A short name without spaces. */
export const name = (description: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "expected 1 to 64 letters, digits, dots, dashes or underscores")
    .describe(description);
/** An http:// or https:// address. */
export const httpUrl = z
  .string()
  .refine((text) => /^https?:\/\/[^/]/.test(text) && URL.canParse(text), "expected an http:// or https:// address");
/** Names in which `*` stands for any text. */
export const patterns = (fallback: string[], description: string) =>
  z.array(z.string().min(1).max(256)).default(fallback).describe(description);

const logSourcePart = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]*$/, "expected lower-case letters, digits, dots, dashes or underscores")
    .optional()
    .describe(description);

/** The Sigma log source of records whose own fields do not tell it. */
export const logsource = (record: string) =>
  z
    .strictObject({
      product: logSourcePart("Product, as rules name it, e.g. `nodejs`."),
      category: logSourcePart("Category, as rules name it, e.g. `application`."),
      service: logSourcePart("Service, as rules name it, e.g. `sshd`."),
    })
    .optional()
    .describe(
      `Sigma log source of the ${record}s whose own fields do not tell it (OTel log documents and Windows events do). Without one no rule looks at such a ${record}; it is counted as unmatched.`,
    );
