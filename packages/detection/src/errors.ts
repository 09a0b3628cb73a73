import { PIPELINE_ERROR_CODES } from "./pipeline/error-codes.ts";

/** What an error code means and how to cure it; docs/errors.md is generated from these tables. */
export interface ErrorCodeEntry {
  readonly summary: string;
  readonly cure: string;
}

/** Every problem that loading rules can report. */
export const ERROR_CODES = {
  "rule-yaml-syntax": {
    summary: "The rule file is not valid YAML.",
    cure: "Correct the YAML at the line and column given; a value with a colon, a quote or a leading * needs quotes.",
  },
  "rule-too-large": {
    summary: "The rule file, one of its values or its nesting exceeds a limit.",
    cure: "Split the file, or move long value lists into several rules.",
  },
  "rule-not-a-map": {
    summary: "A YAML document of the rule file is not a map of rule attributes.",
    cure: "Start the document with `title:`, `logsource:` and `detection:`.",
  },
  "rule-missing-key": {
    summary: "A mandatory attribute is missing.",
    cure: "Add the attribute named in the message.",
  },
  "rule-wrong-type": {
    summary: "An attribute or value has a type that Sigma does not allow there.",
    cure: "Give the type named in the message.",
  },
  "rule-unknown-value": {
    summary: "An attribute has a value that Sigma does not know.",
    cure: "Use one of the values listed in the message.",
  },
  "rule-id-missing": {
    summary: "The rule has no id; one is derived from its file and title and changes with them.",
    cure: "Add an `id:` with a random UUID, so that alerts keep their rule when the file moves.",
  },
  "rule-duplicate-id": {
    summary: "Another rule of the set has the same id.",
    cure: "Give one of the two rules a new random UUID, or remove the copy.",
  },
  "rule-duplicate-name": {
    summary: "Another rule of the set has the same name.",
    cure: "Rename one of them: correlations refer to rules by name.",
  },
  "rule-attribute": {
    summary: "An attribute that does not decide what matches is not as the specification has it. The rule is loaded.",
    cure: "Correct it as the message says; attributes of your own are allowed under names unlike Sigma's.",
  },
  "rule-collection": {
    summary: "An `action:` of a rule collection cannot be carried out.",
    cure: "Use `global` before the rules it is put over, `reset` to end it, and `repeat` after a rule.",
  },
  "rule-filter-reference": {
    summary: "A filter names a rule that is not loaded, is a correlation, or is for another log source.",
    cure: "Load the rule in the same run, correct the id or name, or give the filter a logsource that covers the rule's.",
  },
  "rule-unused-search": {
    summary: "A search identifier stands in no condition, so that it decides nothing. The rule is loaded.",
    cure: "Name it in the condition, or remove it. A name that begins with _ is left out of patterns such as `1 of them`.",
  },
  "rule-unknown-modifier": {
    summary: "A field carries a modifier that Sigma does not define.",
    cure: "Use the modifier suggested, or one of those in the Sigma modifiers appendix.",
  },
  "rule-modifier-misuse": {
    summary: "A modifier cannot be applied to this value or after the modifiers before it.",
    cure: "Follow the reason in the message; the order of modifiers matters.",
  },
  "rule-all-single-value": {
    summary: "The modifier `all` is applied to a single value, where it has no effect.",
    cure: "Remove `all`, or give a list of values.",
  },
  "rule-null-in-list": {
    summary: "null stands in a list of values. Sigma does not allow it there; it is read as one of the alternatives.",
    cure: "Put the null into a search identifier of its own and name both in the condition.",
  },
  "rule-number": {
    summary: "A number cannot be compared exactly: it is beyond 2^53, or infinite.",
    cure: "Put it in quotes, so that it is compared as text.",
  },
  "rule-placeholder": {
    summary: "A value to expand names a placeholder without values.",
    cure: "Give the placeholder's values, or replace it by the values of your environment in a copy of the rule.",
  },
  "rule-regex-syntax": {
    summary: "A regular expression is not valid.",
    cure: "Correct the expression at the offset given.",
  },
  "rule-regex-unsupported": {
    summary:
      "A regular expression uses what cannot be matched in time linear in the input (look-around, back-references) or is outside the flavour.",
    cure: "Rewrite it without; a second search identifier with `not` often replaces a negative look-ahead.",
  },
  "rule-cidr": {
    summary: "A value for the modifier `cidr` is not an IPv4 or IPv6 network.",
    cure: "Write it as address/prefix, such as 10.0.0.0/8 or fe80::/10.",
  },
  "rule-condition-syntax": {
    summary: "The condition cannot be read.",
    cure: "Use search identifiers joined by and, or, not, parentheses and `1 of name*`.",
  },
  "rule-condition-unknown-name": {
    summary: "The condition names a search identifier that the detection does not define.",
    cure: "Correct the name, or define the search identifier.",
  },
  "rule-condition-aggregation": {
    summary: "The condition uses the obsolete aggregation or near syntax (`| count() …`) or `timeframe`.",
    cure: "Write a correlation rule (`correlation: type: event_count`) beside it.",
  },
  "rule-correlation-type": {
    summary: "The correlation has a type that Sigma does not define.",
    cure: "Use event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile or value_median.",
  },
  "rule-correlation-condition": {
    summary: "The correlation's condition cannot be honoured exactly.",
    cure: "Follow the reason in the message; docs/correlation.md says which conditions each type takes.",
  },
  "rule-correlation-timespan": {
    summary: "The correlation's timespan is not a number with a unit.",
    cure: "Write a whole number and s, m, h or d, such as 10m.",
  },
  "rule-correlation-reference": {
    summary:
      "The correlation refers to a rule that is not loaded, was refused, or leads back to the correlation itself.",
    cure: "Load the rule in the same run, correct the id or name, repair the rule it names, or break the circle.",
  },
  "rule-extension": {
    summary: "The `vedette:` extension has an unknown key or a value of the wrong form.",
    cure: "Use the keys kind, suppression, response, exceptions, entities and examples as docs/sigma.md describes them.",
  },
  ...PIPELINE_ERROR_CODES,
} as const satisfies Record<string, ErrorCodeEntry>;

/** A code of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;
