/** Codes of problems in finding and reading files of rules and pipelines. What is wrong inside a rule has the codes of the detection package. */
export const RULE_SOURCE_ERROR_CODES = {
  "rule-file-unreadable": {
    summary: "A rule file or folder does not exist or cannot be read.",
    cure: "Correct the path, or let the worker's user read it; the other rules go on.",
  },
  "rule-file-type": {
    summary: "A file named as a rule source is neither YAML nor JSON lines.",
    cure: 'Name .yml or .yaml files, folders that hold them, or .jsonl or .jsonl.gz files with one {"path","yaml"} a line.',
  },
  "rule-file-damaged": {
    summary: "A compressed rule file cannot be unpacked.",
    cure: "Make the file again: it is no gzip file, or it was cut off.",
  },
  "rule-file-too-large": {
    summary: "A rule file is larger than 256 MiB, plain or unpacked.",
    cure: "Split the file.",
  },
  "rule-line-malformed": {
    summary: "A line of a JSON-lines file of rules is no object with the texts `path` and `yaml`.",
    cure: "Correct the line named; the other lines go on.",
  },
  "rule-folder-empty": {
    summary: "A folder named as a rule source holds no rule file.",
    cure: "Name a folder that holds .yml or .yaml files, at any depth.",
  },
  "rule-manifest-damaged": {
    summary: "The manifest of a folder of imported rules cannot be read.",
    cure: "Restore vedette-import.yaml, or import the rules again into a new folder. None of the rules below it is loaded, because those on trial would alert.",
  },
  "rule-shadow-unknown": {
    summary: "An entry of `rules.shadow` means none of the rules.",
    cure: "Write the id or name of a rule, or a file or folder in its path: until then the rule that was meant alerts.",
  },
  "pipeline-file-unreadable": {
    summary: "A pipeline file or folder does not exist or cannot be read.",
    cure: "Correct the path, or let the worker's user read it. Without a pipeline that it names, no rule is loaded.",
  },
  "pipeline-file-type": {
    summary: "A file named as a pipeline is not YAML.",
    cure: "Name .yml or .yaml files, or folders that hold them.",
  },
  "pipeline-folder-empty": {
    summary: "A folder named as a source of pipelines holds no pipeline file.",
    cure: "Name a folder that holds .yml or .yaml files, at any depth.",
  },
} as const;

/** A code of {@link RULE_SOURCE_ERROR_CODES}. */
export type RuleSourceErrorCode = keyof typeof RULE_SOURCE_ERROR_CODES;
