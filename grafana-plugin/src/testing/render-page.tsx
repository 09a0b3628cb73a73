import {
  config,
  FakeEchoSrv,
  setBackendSrv,
  setEchoSrv,
  type BackendSrv,
  type BackendSrvRequest,
} from "@grafana/runtime";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter, Route, Routes, useLocation } from "react-router-dom";
import { NEVER, Observable } from "rxjs";
import { WORKER_PROXY } from "../api/worker.ts";
import App from "../App.tsx";
import { APP_ROOT } from "../app-settings.ts";
import { createFakeWorker, type FakeWorker } from "./fake-worker.ts";
import type { WorkerFixture } from "./worker-fixture.ts";

/** Grafana's service for requests, answered by the fake worker behind the app's plugin proxy. */
function backendSrvOf(worker: FakeWorker): BackendSrv {
  return {
    fetch: (request: BackendSrvRequest) =>
      new Observable((subscriber) => {
        const headers = new Headers(request.headers as Record<string, string>);
        const { status, body } = worker.handle({
          method: request.method ?? "GET",
          url: request.url.slice(WORKER_PROXY.length),
          body: request.data as unknown,
          idempotencyKey: headers.get("idempotency-key") ?? undefined,
        });
        if (status >= 400) {
          subscriber.error({ status, data: body, config: request });
          return;
        }
        subscriber.next({ status, data: body });
        subscriber.complete();
      }),
    chunked: () => NEVER,
  } as unknown as BackendSrv;
}

function Address() {
  const { pathname, search } = useLocation();
  return <output data-testid="address">{`${pathname}${search}`}</output>;
}

interface PageOptions {
  readonly fixture: WorkerFixture;
  readonly now: number;
  readonly role?: "Viewer" | "Editor";
  readonly failure?: FakeWorker["failure"];
}

/** Renders the app at a path, over a fake worker. */
export function renderPage(path: string, { fixture, now, role = "Editor", failure }: PageOptions) {
  const worker = createFakeWorker(fixture, () => now);
  worker.failure = failure;
  setBackendSrv(backendSrvOf(worker));
  setEchoSrv(new FakeEchoSrv());
  Object.assign(config.bootData.user, { orgRole: role, login: "ada" });
  const meta = { jsonData: { standalone: true } } as unknown as Parameters<typeof App>[0]["meta"];
  render(
    <MemoryRouter
      initialEntries={[`${APP_ROOT}${path}`]}
      future={{ v7_startTransition: true, v7_relativeSplatPath: true }}
    >
      <Routes>
        <Route
          path={`${APP_ROOT}/*`}
          element={<App meta={meta} basename={APP_ROOT} path={path} query={{}} onNavChanged={() => {}} />}
        />
      </Routes>
      <Address />
    </MemoryRouter>,
  );
  return {
    worker,
    user: userEvent.setup({ delay: null }),
    /** Path and query that the router is at, below the app's root. */
    address: () => screen.getByTestId("address").textContent.slice(APP_ROOT.length),
  };
}
