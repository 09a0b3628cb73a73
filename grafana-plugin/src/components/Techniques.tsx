import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";

/** ATT&CK techniques; each leads to its page at MITRE. */
export function Techniques({ ids }: { readonly ids: readonly string[] }) {
  const styles = useStyles2(getStyles);
  if (ids.length === 0) return null;
  return (
    <span className={styles.list}>
      {ids.map((id) => (
        <a
          key={id}
          className={styles.technique}
          href={`https://attack.mitre.org/techniques/${id.replace(".", "/")}/`}
          target="_blank"
          rel="noreferrer"
          title={`ATT&CK technique ${id}`}
        >
          {id}
        </a>
      ))}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ display: "inline-flex", flexWrap: "wrap", gap: theme.spacing(0.5, 1) }),
  technique: css({
    position: "relative",
    zIndex: 1,
    color: theme.colors.text.secondary,
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
    "&:hover": { color: theme.colors.text.link, textDecoration: "underline" },
  }),
});
