import "./api/zod-without-eval.ts";
import type { AppRootProps } from "@grafana/data";
import { lazy, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router-dom";
import { AppSettingsContext } from "./AppSettingsContext.tsx";
import { PATHS } from "./app-paths.ts";
import type { AppSettings } from "./app-settings.ts";
import { Waiting } from "./components/Waiting.tsx";

const Overview = lazy(() => import("./pages/overview/Overview.tsx"));
const Alerts = lazy(() => import("./pages/alerts/Alerts.tsx"));
const Alert = lazy(() => import("./pages/alert/Alert.tsx"));
const Incidents = lazy(() => import("./pages/incidents/Incidents.tsx"));
const Incident = lazy(() => import("./pages/incident/Incident.tsx"));
const DenyList = lazy(() => import("./pages/deny-list/DenyList.tsx"));
const Status = lazy(() => import("./pages/status/Status.tsx"));
const NoSuchPage = lazy(() => import("./pages/no-such-page/NoSuchPage.tsx"));

/** The app's pages by their path. */
export default function App({ meta }: AppRootProps<AppSettings>) {
  return (
    <AppSettingsContext value={meta.jsonData ?? {}}>
      <Suspense fallback={<Waiting />}>
        <Routes>
          <Route path="overview" element={<Overview />} />
          <Route path="alerts" element={<Alerts />} />
          <Route path="alerts/:id" element={<Alert />} />
          <Route path="incidents" element={<Incidents />} />
          <Route path="incidents/:id" element={<Incident />} />
          <Route path="deny-list" element={<DenyList />} />
          <Route path="status" element={<Status />} />
          <Route index element={<Navigate to={PATHS.overview} replace />} />
          <Route path="*" element={<NoSuchPage />} />
        </Routes>
      </Suspense>
    </AppSettingsContext>
  );
}
