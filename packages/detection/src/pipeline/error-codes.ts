/** What reading pipelines, and applying them to rules, can report; part of ERROR_CODES. */
export const PIPELINE_ERROR_CODES = {
  "pipeline-yaml-syntax": {
    summary: "The pipeline file is not valid YAML.",
    cure: "Correct the YAML at the line and column given; a value with a colon, a quote or a leading * needs quotes.",
  },
  "pipeline-too-large": {
    summary: "The pipeline file, one of its lists or its nesting exceeds a limit.",
    cure: "Split the file into several pipelines; they are applied by priority, then in the order given.",
  },
  "pipeline-wrong-type": {
    summary: "A value of the pipeline file has another type than the format asks for.",
    cure: "Give the type named in the message; docs/pipelines.md lists every parameter.",
  },
  "pipeline-missing-key": {
    summary: "A parameter of a transformation or condition is missing.",
    cure: "Add the parameter named in the message.",
  },
  "pipeline-unknown-key": {
    summary: "The pipeline file has a key that the format does not know there.",
    cure: "Correct the key as suggested, or remove it.",
  },
  "pipeline-unknown-value": {
    summary: "A transformation, condition or option of the pipeline file is none that the format knows.",
    cure: "Use one of the values listed in the message.",
  },
  "pipeline-unsupported": {
    summary: "The pipeline uses a part of the format that cannot be honoured by an engine that makes no queries.",
    cure: "Follow the reason in the message; docs/pipelines.md says what to use instead.",
  },
  "pipeline-regex": {
    summary: "A regular expression or replacement of the pipeline file is invalid or cannot be matched in linear time.",
    cure: "Correct it, or rewrite it without look-around and back-references.",
  },
  "pipeline-condition": {
    summary: "The conditions of a pipeline item cannot be joined as written.",
    cure: "Give the conditions as a map of names and join all of them with and, or, not and parentheses.",
  },
  "pipeline-unknown-id": {
    summary: "A condition refers to a pipeline item that no pipeline of the same run has.",
    cure: "Correct the id, or load the pipeline that has the item in the same run.",
  },
  "rule-pipeline": {
    summary: "A processing pipeline refuses the rule or cannot be applied to it exactly.",
    cure: "Change the pipeline item named in the message, or keep the rule out of it with a condition.",
  },
} as const;
