import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { Button, useStyles2 } from "@grafana/ui";
import { useSearchParams } from "react-router-dom";

interface PagerProps {
  readonly shown: number;
  readonly total: number;
  readonly nextCursor: string | undefined;
}

/** Leads through a list page by page. The page is in the address, so that Back goes to the one before. */
export function Pager({ shown, total, nextCursor }: PagerProps) {
  const styles = useStyles2(getStyles);
  const [parameters, setParameters] = useSearchParams();
  const first = !parameters.has("cursor");
  const go = (cursor: string | undefined) =>
    setParameters((before) => {
      const after = new URLSearchParams(before);
      if (cursor === undefined) after.delete("cursor");
      else after.set("cursor", cursor);
      return after;
    });
  if (first && nextCursor === undefined) return null;
  return (
    <nav className={styles.pager} aria-label="Pages of the list">
      <span>
        {shown.toLocaleString("en-US")} of {total.toLocaleString("en-US")}
      </span>
      <Button size="sm" variant="secondary" disabled={first} onClick={() => go(undefined)}>
        First page
      </Button>
      <Button size="sm" variant="secondary" disabled={nextCursor === undefined} onClick={() => go(nextCursor)}>
        Next page
      </Button>
    </nav>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  pager: css({
    display: "flex",
    alignItems: "center",
    justifyContent: "flex-end",
    gap: theme.spacing(1),
    padding: theme.spacing(1, 2),
    borderTop: `1px solid ${theme.colors.border.weak}`,
    color: theme.colors.text.secondary,
  }),
});
