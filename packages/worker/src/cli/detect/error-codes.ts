/** Codes of what can be wrong with events given to `vedette detect`. */
export const EVENT_INPUT_ERROR_CODES = {
  "event-file-unreadable": {
    summary: "A file of events does not exist or cannot be read.",
    cure: "Correct the path; the other files are read.",
  },
  "event-file-damaged": {
    summary: "A compressed file of events cannot be unpacked to its end.",
    cure: "Make the file again: it is damaged or was cut off. What came before the damage was judged.",
  },
  "event-malformed": {
    summary: "A line or array element is not a JSON object.",
    cure: "Correct or remove it; the events around it were judged.",
  },
  "event-too-large": {
    summary: "An event has more than 64 MiB.",
    cure: "Split or shorten it; it was not judged.",
  },
} as const;

/** A code of {@link EVENT_INPUT_ERROR_CODES}. */
export type EventInputErrorCode = keyof typeof EVENT_INPUT_ERROR_CODES;
