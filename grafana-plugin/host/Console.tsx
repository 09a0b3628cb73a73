import { createTheme, type AppPlugin, PluginContextProvider, ThemeContext } from "@grafana/data";
import { config, locationService } from "@grafana/runtime";
import { Alert, ErrorBoundaryAlert, GlobalStyles, PortalContainer } from "@grafana/ui";
import { useEffect, useMemo, useState } from "react";
import { Router } from "react-router-dom-v5";
import { CompatRouter, Navigate, Route, Routes, useLocation } from "react-router-dom-v5-compat";
import { APP_ID, APP_ROOT, type AppSettings } from "../src/app-settings.ts";
import { Waiting } from "../src/components/Waiting.tsx";
import { type ColorMode, followSystem, initialMode, saveMode } from "./color-mode.ts";
import { followLinks } from "./follow-links.ts";
import { Frame } from "./Frame.tsx";
import { loadPlugin } from "./load-plugin.ts";
import type { ConsoleSession } from "./session.ts";

/** Grafana's theme, with a monospace font that the machine has: the packages do not bring Grafana's own. */
function themeOf(mode: ColorMode) {
  return createTheme({
    name: mode,
    colors: { mode },
    typography: { fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" },
  });
}

function AppRoot({ plugin }: { readonly plugin: AppPlugin<AppSettings> }) {
  const { pathname } = useLocation();
  const Root = plugin.root;
  if (Root === undefined) return <Alert title="The plugin has no pages" />;
  return (
    <PluginContextProvider meta={plugin.meta}>
      <ErrorBoundaryAlert style="page">
        <Root meta={plugin.meta} basename={APP_ROOT} path={pathname} query={{}} onNavChanged={() => {}} />
      </ErrorBoundaryAlert>
    </PluginContextProvider>
  );
}

/** Sends short addresses (`/incidents/1`) to the app's (`/a/vedette-security-app/incidents/1`). */
function ToApp() {
  const { pathname, search } = useLocation();
  return <Navigate to={`${APP_ROOT}${pathname === "/" ? "/overview" : pathname}${search}`} replace />;
}

/** The whole console: theme, router, navigation and the plugin. */
export function Console({ session }: { readonly session: ConsoleSession | undefined }) {
  const [mode, setMode] = useState<ColorMode>(initialMode);
  const [plugin, setPlugin] = useState<AppPlugin<AppSettings>>();
  const [failure, setFailure] = useState<unknown>();
  const theme = useMemo(() => themeOf(mode), [mode]);
  useEffect(() => {
    loadPlugin().then(setPlugin, setFailure);
  }, []);
  useEffect(() => followSystem(setMode), []);
  useEffect(() => followLinks(document, (url) => locationService.push(url)), []);
  useEffect(() => {
    config.theme2 = theme;
    document.body.className = `theme-${mode}`;
    document.documentElement.style.background = theme.colors.background.canvas;
    document.documentElement.style.colorScheme = mode;
  }, [theme, mode]);
  const change = (next: ColorMode) => {
    saveMode(next);
    setMode(next);
  };
  const app = plugin === undefined ? <Waiting text="Loading the console" /> : <AppRoot plugin={plugin} />;
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Router history={locationService.getHistory()}>
        <CompatRouter>
          <Frame includes={plugin?.meta.includes ?? []} session={session} mode={mode} onMode={change}>
            {failure === undefined ? (
              <Routes>
                <Route path={`${APP_ROOT}/*`} element={app} />
                <Route path={`/plugins/${APP_ID}`} element={<Navigate to={APP_ROOT} replace />} />
                <Route path="*" element={<ToApp />} />
              </Routes>
            ) : (
              <Alert title="The console could not be loaded" severity="error">
                {String(failure)}. Load the page again; if that does not help, build the console again with npm start.
              </Alert>
            )}
          </Frame>
        </CompatRouter>
      </Router>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}
