import { registerLoaderHooks } from "./loader-hooks.ts";
import { readSettings } from "./settings.ts";
import { isSdkConfigured, startVedette } from "./start.ts";

const { settings } = readSettings(process.env);
// Who configured an SDK before us brought hooks for it.
if (settings.enabled && settings.loaderHooks && !isSdkConfigured()) registerLoaderHooks();
startVedette();
