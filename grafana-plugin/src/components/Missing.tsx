import { LinkButton } from "@grafana/ui";
import { Empty } from "./Empty.tsx";

interface MissingProps {
  /** Such as `alert`. */
  readonly what: string;
  /** The list it would be in. */
  readonly list: { readonly text: string; readonly url: string };
}

/** Says that an address leads to something that does not exist, and where to look instead. */
export function Missing({ what, list }: MissingProps) {
  return (
    <Empty icon="question-circle" title={`This ${what} does not exist`}>
      <p>Its address may be mistyped, or it belongs to a worker with other data.</p>
      <LinkButton variant="secondary" href={list.url}>
        {list.text}
      </LinkButton>
    </Empty>
  );
}
