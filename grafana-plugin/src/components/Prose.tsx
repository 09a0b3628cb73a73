import type { ReactNode } from "react";

/** A text in which backticks, as rules and the worker write them, stand for code. A backtick without its other half stays. */
export function Prose({ text }: { readonly text: string }): ReactNode {
  return text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
