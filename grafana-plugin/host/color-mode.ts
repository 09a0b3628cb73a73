/** Which of Grafana's two themes. */
export type ColorMode = "dark" | "light";

const key = "vedette.color-mode";
const prefersLight = "(prefers-color-scheme: light)";

/** The theme that was chosen in this browser; undefined while none was. */
function chosenMode(): ColorMode | undefined {
  try {
    const chosen = localStorage.getItem(key);
    return chosen === "light" || chosen === "dark" ? chosen : undefined;
  } catch {
    return undefined;
  }
}

/** The theme that was chosen last in this browser; what the system prefers until then. */
export function initialMode(): ColorMode {
  return chosenMode() ?? (matchMedia(prefersLight).matches ? "light" : "dark");
}

/** Keeps the choice for the next visit. A browser without storage keeps it for this one. */
export function saveMode(mode: ColorMode): void {
  try {
    localStorage.setItem(key, mode);
  } catch {
    // Storage is switched off: nothing to keep it in.
  }
}

/** Tells when the system's preference changes, as at dusk, as long as nothing was chosen. Returns a function that ends it. */
export function followSystem(change: (mode: ColorMode) => void): () => void {
  const query = matchMedia(prefersLight);
  const onChange = () => {
    if (chosenMode() === undefined) change(query.matches ? "light" : "dark");
  };
  query.addEventListener("change", onChange);
  return () => query.removeEventListener("change", onChange);
}
