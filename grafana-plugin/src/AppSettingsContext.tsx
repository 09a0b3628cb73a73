import { createContext } from "react";
import type { AppSettings } from "./app-settings.ts";

/** The app's settings, for every page. */
export const AppSettingsContext = createContext<AppSettings>({});
