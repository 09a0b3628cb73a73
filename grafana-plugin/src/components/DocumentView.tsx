import { css, cx } from "@emotion/css";
import { colorManipulator, type GrafanaTheme2 } from "@grafana/data";
import { ClipboardButton, useStyles2 } from "@grafana/ui";
import type { ReactNode } from "react";

interface DocumentViewProps {
  readonly document: unknown;
  /** Texts to mark where they are a whole value, such as the alert's entities. */
  readonly marked?: readonly string[];
}

/** A JSON document, indented and coloured, with a button that copies it. */
export function DocumentView({ document, marked = [] }: DocumentViewProps) {
  const styles = useStyles2(getStyles);
  const marks = new Set(marked);

  const value = (node: unknown, indent: string): ReactNode => {
    if (typeof node === "string") {
      return <span className={cx(styles.string, marks.has(node) && styles.mark)}>{JSON.stringify(node)}</span>;
    }
    if (typeof node !== "object" || node === null) return <span className={styles.literal}>{String(node)}</span>;
    const inner = `${indent}  `;
    const isArray = Array.isArray(node);
    const parts = isArray
      ? node.map((item: unknown) => value(item, inner))
      : Object.entries(node).map(([name, item]) => (
          <span key={name}>
            <span className={styles.name}>{JSON.stringify(name)}</span>: {value(item, inner)}
          </span>
        ));
    const [open, close] = isArray ? ["[", "]"] : ["{", "}"];
    if (parts.length === 0) return `${open}${close}`;
    return (
      <>
        {open}
        {parts.map((part, index) => (
          // A document never changes, so its parts keep their places.
          <span key={index}>
            {`\n${inner}`}
            {part}
            {index < parts.length - 1 && ","}
          </span>
        ))}
        {`\n${indent}${close}`}
      </>
    );
  };

  return (
    <div className={styles.frame}>
      <ClipboardButton
        className={styles.copy}
        size="sm"
        variant="secondary"
        icon="copy"
        getText={() => JSON.stringify(document, undefined, 2)}
      >
        Copy
      </ClipboardButton>
      {/* In the order of tabs, so that the keyboard can scroll it. */}
      <pre className={styles.text} tabIndex={0} aria-label="Document">
        {value(document, "")}
      </pre>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const hue = (name: string) => {
    const color = theme.visualization.getColorByName(name);
    return theme.isDark ? colorManipulator.lighten(color, 0.2) : colorManipulator.darken(color, 0.4);
  };
  return {
    frame: css({ position: "relative" }),
    copy: css({ position: "absolute", top: theme.spacing(1), right: theme.spacing(1) }),
    text: css({
      margin: 0,
      padding: theme.spacing(1.5, 2),
      maxHeight: 480,
      overflow: "auto",
      border: `1px solid ${theme.colors.border.weak}`,
      borderRadius: theme.shape.radius.default,
      background: theme.colors.background.canvas,
      color: theme.colors.text.secondary,
      fontFamily: theme.typography.fontFamilyMonospace,
      fontSize: theme.typography.bodySmall.fontSize,
      lineHeight: 1.6,
      whiteSpace: "pre-wrap",
      overflowWrap: "anywhere",
    }),
    name: css({ color: theme.colors.text.primary }),
    string: css({ color: hue("green") }),
    literal: css({ color: hue("blue") }),
    mark: css({
      background: colorManipulator.alpha(theme.colors.warning.main, 0.25),
      borderRadius: theme.shape.radius.sm,
      boxShadow: `0 0 0 2px ${colorManipulator.alpha(theme.colors.warning.main, 0.25)}`,
    }),
  };
};
