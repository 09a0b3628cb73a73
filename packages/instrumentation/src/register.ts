import { registerLoaderHooks } from "./loader-hooks.ts";
import { readSettings } from "./settings.ts";
import { startVedette } from "./start.ts";

const { settings } = readSettings(process.env);
if (settings.enabled && settings.loaderHooks) registerLoaderHooks();
startVedette();
