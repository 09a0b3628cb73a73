import { Button } from "@grafana/ui";
import { type AlertChange, type AlertDetail, ApiError } from "@vedette/api";
import { useState } from "react";
import { useWrite } from "../../api/use-write.ts";
import { worker } from "../../api/worker.ts";
import { useMayRespond } from "../../components/use-may-respond.ts";
import { ChangeAlert, type Intention } from "./ChangeAlert.tsx";

interface AlertActionsProps {
  readonly alert: AlertDetail;
  readonly onChanged: (alert: AlertDetail) => void;
  /** Somebody else was first: what is shown is old. */
  readonly onConflict: () => void;
}

/** What can be done with an alert in its status. Nothing is shown to who may not do it. */
export function AlertActions({ alert, onChanged, onConflict }: AlertActionsProps) {
  const [intention, setIntention] = useState<Intention>();
  const { busy, failure, run, forget } = useWrite();
  const mayRespond = useMayRespond();
  if (!mayRespond || alert.mergedInto !== undefined) return null;

  const change = async (wanted: Omit<AlertChange, "revision">) => {
    const body = { revision: alert.revision, ...wanted };
    const done = await run([alert.id, body], async (idempotencyKey) => {
      try {
        onChanged(await worker.changeAlert({ id: alert.id, body }, { idempotencyKey }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) onConflict();
        throw error;
      }
    });
    if (done) setIntention(undefined);
  };
  const ask = (wanted: Intention) => {
    forget();
    setIntention(wanted);
  };
  return (
    <>
      {alert.status === "open" && (
        <Button icon="eye" variant="secondary" onClick={() => ask("acknowledge")}>
          Acknowledge
        </Button>
      )}
      {alert.status !== "closed" && (
        <Button icon="check" onClick={() => ask("close")}>
          Close
        </Button>
      )}
      {alert.status === "closed" && (
        <Button icon="history" variant="secondary" onClick={() => ask("reopen")}>
          Open again
        </Button>
      )}
      <Button icon="comment-alt" variant="secondary" onClick={() => ask("note")}>
        Add a note
      </Button>
      {intention !== undefined && (
        <ChangeAlert
          intention={intention}
          busy={busy}
          failure={failure}
          onSubmit={(wanted) => void change(wanted)}
          onDismiss={() => setIntention(undefined)}
        />
      )}
    </>
  );
}
