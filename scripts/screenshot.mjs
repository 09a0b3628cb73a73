// npm run screenshot -- URL: opens a running worker's console (the login link that it prints) and writes docs/images/console.png.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { requireSetup, root } from "./checkout.mjs";

requireSetup("npm run screenshot");

const usage = `npm run screenshot -- URL [--out FILE] [--light] [--width PIXELS] [--height PIXELS]

  URL           what to open: the link that npm start prints, or any page of a console that needs no sign-in
  --out FILE    the picture (default: docs/images/console.png)
  --light       the light theme
  --full        the whole page, however long
  --width, --height   of the window (default: 1400 by 1000)
`;

let values;
let positionals;
try {
  ({ values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: "string", default: "docs/images/console.png" },
      light: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      width: { type: "string", default: "1400" },
      height: { type: "string", default: "1000" },
    },
  }));
} catch (error) {
  console.error(`npm run screenshot: ${error.message}\n\n${usage}`);
  process.exit(2);
}
const [url] = positionals;
if (positionals.length !== 1 || !URL.canParse(url)) {
  console.error(usage);
  process.exit(2);
}
const executablePath = "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.error(`There is no ${executablePath}. Get it with: apt-get install --no-install-recommends chromium`);
  process.exit(1);
}

const { chromium } = await import("playwright-core");
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const profile = mkdtempSync(join(tmpdir(), "vedette-screenshot-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: Number(values.width), height: Number(values.height) },
  args: flags,
});
try {
  await browser.addInitScript(
    (mode) => localStorage.setItem("vedette.color-mode", mode),
    values.light ? "light" : "dark",
  );
  const page = await browser.newPage();
  await page.goto(url);
  // A page has its title and at least one part of its content; then nothing may still be on its way.
  await page.locator("main h1").waitFor();
  await page.locator("main section, main [role=alert]").first().waitFor();
  await page.waitForFunction(() => !/\bLoading\b/.test(document.body.innerText));
  await page.evaluate(() => document.fonts.ready);
  const file = resolve(root, values.out);
  mkdirSync(dirname(file), { recursive: true });
  await page.screenshot({ path: file, fullPage: values.full, animations: "disabled" });
  console.log(`${file}: ${await page.title()}`);
} catch (error) {
  console.error(`The console could not be pictured: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
