import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Weights that Grafana's global styles ask for, by the file name they ask for. */
const fonts = {
  "Inter-Regular.woff2": "inter-latin-400-normal.woff2",
  "Inter-Italic.woff2": "inter-latin-400-italic.woff2",
  "Inter-Medium.woff2": "inter-latin-500-normal.woff2",
  "Inter-MediumItalic.woff2": "inter-latin-500-italic.woff2",
};

const page = (pluginId) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="dark light">
    <title>Vedette</title>
    <link rel="icon" type="image/svg+xml" href="/public/plugins/${pluginId}/img/logo.svg">
    <link rel="stylesheet" href="/host/page.css">
    <script src="/host/host.js" defer></script>
  </head>
  <body>
    <div id="reactRoot"></div>
    <noscript>The console needs JavaScript. Everything in it is in the command line too: npx vedette --help.</noscript>
  </body>
</html>
`;

/** What is on screen before the first script has run. */
const styles = `html { background: #111217; }
body { margin: 0; }
noscript { display: block; padding: 32px; color: #ccccdc; font-family: sans-serif; }
@media (prefers-color-scheme: light) {
  html { background: #f4f5f5; }
  noscript { color: #24292e; }
}
`;

/**
 * Completes the static folder of the console: the built plugin where Grafana would serve it, icons, fonts and the page.
 * @param {{ folder: string, pluginId: string, publicFolder: string }} options
 */
export function copyStaticFiles({ folder, pluginId, publicFolder }) {
  const out = join(folder, "out-host");
  const inter = join(dirname(createRequire(import.meta.url).resolve("@fontsource/inter/package.json")), "files");
  rmSync(join(out, "public"), { recursive: true, force: true });
  cpSync(join(folder, "dist"), join(out, "public", "plugins", pluginId), { recursive: true });
  cpSync(join(publicFolder, "img"), join(out, "public", "build", "img"), { recursive: true });
  mkdirSync(join(out, "public", "fonts", "inter"), { recursive: true });
  for (const [name, file] of Object.entries(fonts))
    cpSync(join(inter, file), join(out, "public", "fonts", "inter", name));
  writeFileSync(join(out, "host", "page.css"), styles);
  writeFileSync(join(out, "index.html"), page(pluginId));
}
