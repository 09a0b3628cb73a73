import { canonicalJson } from "../audit/canonical-json.ts";
import { hashId } from "./hash.ts";
import type { LineConfig } from "./line-options.ts";
import type { LineRule } from "./line-rule.ts";
import type { StepDraft } from "./step-draft.ts";

/** Keeps what was last recorded. */
export const INPUTS_BLOB = "line/inputs";

/** What shapes the state besides the records: the audit trail says when it changed. */
export interface Inputs {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The rules and settings that a line works with, with hashes in place of what would be long. */
export function inputsOf(
  rules: readonly Pick<LineRule, "id" | "revision" | "extension" | "trial">[],
  config: LineConfig,
): Inputs {
  const revisions = rules.map(({ id, revision, trial }) => `${id} ${revision}${trial === true ? " trial" : ""}`).sort();
  const { lateness, idleAfter, futureTolerance, suppressionWindow, incidentGap } = config;
  return {
    rules: { count: rules.length, hash: hashId(...revisions) },
    settings: {
      lateness,
      idleAfter,
      futureTolerance,
      suppressionWindow,
      incidentGap,
      neverBlock: { count: config.neverBlock.length, hash: hashId(...[...config.neverBlock].sort()) },
      // Without the responder the same rules ask for nothing.
      rulesWithResponse: rules.filter(({ extension }) => extension.response.length > 0).length,
    },
  };
}

/** Puts what differs from what was last recorded into a step; false when nothing does. */
export function recordInputs(inputs: Inputs, recorded: string | undefined, draft: StepDraft): boolean {
  const before = recorded === undefined ? undefined : (JSON.parse(recorded) as Partial<Inputs>);
  const changed = (["rules", "settings"] as const).filter(
    (part) => canonicalJson(before?.[part] ?? null) !== canonicalJson(inputs[part]),
  );
  for (const part of changed) draft.audit("worker", `${part}.loaded`, part, inputs[part]);
  if (changed.length > 0) draft.blob(INPUTS_BLOB, JSON.stringify(inputs));
  return changed.length > 0;
}
