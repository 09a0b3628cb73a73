import "../../api/zod-without-eval.ts";
import type { AppPluginMeta } from "@grafana/data";
import { getBackendSrv } from "@grafana/runtime";
import { Alert, Button, Field, Input, SecretInput, Stack } from "@grafana/ui";
import { type FormEvent, useState } from "react";
import { worker } from "../../api/worker.ts";
import type { AppSettings } from "../../app-settings.ts";
import { Failure } from "../../components/Failure.tsx";
import { checkWorkerUrl } from "./check-worker-url.ts";

/** The app's page in Grafana's configuration: where the worker is, and the tokens for reading and changing. */
export default function Configuration({ meta }: { readonly meta: AppPluginMeta<AppSettings> }) {
  const [workerUrl, setWorkerUrl] = useState(meta.jsonData?.workerUrl ?? "");
  const [readToken, setReadToken] = useState("");
  const [writeToken, setWriteToken] = useState("");
  const [kept, setKept] = useState({
    readToken: meta.secureJsonFields?.["readToken"] === true,
    writeToken: meta.secureJsonFields?.["writeToken"] === true,
  });
  const [result, setResult] = useState<{ readonly text: string } | { readonly error: unknown }>();
  const urlProblem = checkWorkerUrl(workerUrl);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (urlProblem !== undefined) return;
    try {
      await getBackendSrv().post(`/api/plugins/${meta.id}/settings`, {
        enabled: true,
        pinned: true,
        jsonData: { workerUrl: workerUrl.trim().replace(/\/+$/, "") },
        secureJsonData: {
          ...(kept.readToken ? {} : { readToken: readToken.trim() }),
          ...(kept.writeToken ? {} : { writeToken: writeToken.trim() }),
        },
      });
      setKept({ readToken: kept.readToken || readToken !== "", writeToken: kept.writeToken || writeToken !== "" });
      setResult({ text: "Saved. Test the connection to see whether the worker answers." });
    } catch (error) {
      setResult({ error });
    }
  };
  const test = async () => {
    try {
      const { version, ready } = await worker.getStatus();
      setResult({ text: `The worker answers: version ${version}, ${ready ? "ready" : "not ready yet"}.` });
    } catch (error) {
      setResult({ error });
    }
  };
  return (
    <form onSubmit={(event) => void save(event)}>
      <Field
        label="Address of the worker"
        description="The API listener, as Grafana's server reaches it."
        invalid={workerUrl !== "" && urlProblem !== undefined}
        error={urlProblem}
        required
      >
        <Input
          id="worker-url"
          width={60}
          placeholder="http://127.0.0.1:7333"
          value={workerUrl}
          onChange={(event) => setWorkerUrl(event.currentTarget.value)}
        />
      </Field>
      <Field label="Token for reading" description="Role reader. Used for everybody who may see the app.">
        <SecretInput
          id="read-token"
          width={60}
          isConfigured={kept.readToken}
          value={readToken}
          onReset={() => setKept({ ...kept, readToken: false })}
          onChange={(event) => setReadToken(event.currentTarget.value)}
        />
      </Field>
      <Field
        label="Token for changing"
        description="Role responder. Used when an Editor or Admin closes an alert or blocks an address."
      >
        <SecretInput
          id="write-token"
          width={60}
          isConfigured={kept.writeToken}
          value={writeToken}
          onReset={() => setKept({ ...kept, writeToken: false })}
          onChange={(event) => setWriteToken(event.currentTarget.value)}
        />
      </Field>
      <Stack gap={1}>
        <Button type="submit" disabled={urlProblem !== undefined}>
          Save
        </Button>
        <Button type="button" variant="secondary" onClick={() => void test()}>
          Test the connection
        </Button>
      </Stack>
      <div style={{ height: 16 }} />
      {result !== undefined && "text" in result && <Alert severity="success" title={result.text} />}
      {result !== undefined && "error" in result && <Failure error={result.error} />}
    </form>
  );
}
