/** Where pySigma takes a rule of the conformance table to mean something else than we do, and why ours stands. */
export const DIFFERENCES: Readonly<Record<string, string>> = {
  "rules, Yaml File: an alias is the last anchor of its name before it in the text":
    "YAML 1.2.2 allows an anchor to be given again; the parser of pySigma does not.",
  "rules, Condition: `2 of pattern`": "pySigma knows the quantifiers 1, any and all; a number is the same, counted.",
  "modifiers, String Modifiers: `windash` of en dash, em dash and horizontal bar":
    "The appendix converts the five characters interchangeably; pySigma only starts from `-` and `/`.",
  "modifiers, String Modifiers: `windash` of a dash inside a word":
    "The appendix permutes each of the five characters; pySigma only those between a non-word and a word character.",
  "modifiers, Regular Expression: `re` with `startswith` begins where the field begins":
    "The appendix expects the value at the beginning of the field; pySigma leaves the anchor to the backend.",
  "modifiers, Regular Expression: `re` with `endswith` ends where the field ends":
    "The appendix expects the value at the end of the field; pySigma leaves the anchor to the backend.",
  "modifiers, Encoding: `utf16le`": "pySigma knows `utf16le` by the name `wide` alone.",
  "modifiers, Specific Modifiers: `expand`: a percent sign after a backslash is plain":
    "The specification's own example; pySigma takes the plain percent sign for the beginning of a placeholder.",
  "modifiers, Specific Modifiers: `expand` in a regular expression":
    "pySigma puts a value in as it stands, so that its `*` becomes a quantifier; a value is a Sigma string here too.",
  "modifiers, Specific Modifiers: `fieldref` with `cased`": "pySigma has no way to write this comparison.",
  "filters, Global Filter: what the filter describes is suppressed":
    "The specification's own form of a filter, whose goal is to suppress; pySigma keeps only what it describes.",
  "filters, filter selection: any number of search identifiers, modifiers included":
    "As above: a filter that describes what is to be suppressed.",
  "filters, filter condition: `a and not b` suppresses what is a and not b":
    "As above: a filter that describes what is to be suppressed.",
};
