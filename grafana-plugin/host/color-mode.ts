/** Which of Grafana's two themes. */
export type ColorMode = "dark" | "light";

const key = "vedette.color-mode";

/** The theme that was chosen last in this browser; dark at first. */
export function savedMode(): ColorMode {
  try {
    return localStorage.getItem(key) === "light" ? "light" : "dark";
  } catch {
    return "dark";
  }
}

/** Keeps the choice for the next visit. A browser without storage keeps it for this one. */
export function saveMode(mode: ColorMode): void {
  try {
    localStorage.setItem(key, mode);
  } catch {
    // Storage is switched off: nothing to keep it in.
  }
}
