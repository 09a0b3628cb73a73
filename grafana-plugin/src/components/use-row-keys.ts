import { type RefObject, useEffect } from "react";

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** Moves the focus between the first links of a table's rows: j down, k up. Enter then follows the link, as links do. */
export function useRowKeys(body: RefObject<HTMLTableSectionElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (event.key !== "j" && event.key !== "k") return;
      const links = [...(body.current?.querySelectorAll<HTMLElement>("a[data-row-link]") ?? [])];
      const at = links.findIndex((link) => link === document.activeElement);
      // With several tables on a page, the first takes the keys until another one has the focus.
      if (at < 0 && document.activeElement?.closest("tbody")) return;
      links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [body]);
}
