import { Button, ConfirmModal } from "@grafana/ui";
import type { DenyListEntry } from "@vedette/api";
import { useState } from "react";
import { useWrite } from "../api/use-write.ts";
import { worker } from "../api/worker.ts";
import { formatDuration } from "../format/time.ts";
import { Failure } from "./Failure.tsx";
import { useMayRespond } from "./use-may-respond.ts";
import { useNow } from "./use-now.ts";

interface UndoBlockProps {
  readonly entry: DenyListEntry;
  readonly onUndone: () => void;
}

/** Takes an address off the deny list, after asking. Not there for who may not do it, nor for what is over already. */
export function UndoBlock({ entry, onUndone }: UndoBlockProps) {
  const [asking, setAsking] = useState(false);
  const { busy, failure, run, forget } = useWrite();
  const now = useNow();
  const mayRespond = useMayRespond();
  if (!mayRespond || (entry.state !== "in_force" && entry.state !== "pending")) return null;
  const undo = async () => {
    const done = await run(["undo", entry.id], (idempotencyKey) =>
      worker.undoDeny({ id: entry.id }, { idempotencyKey }),
    );
    if (!done) return;
    setAsking(false);
    onUndone();
  };
  return (
    <>
      <Button
        size="sm"
        variant="secondary"
        icon="history"
        onClick={() => setAsking(true)}
        aria-label={`Undo the block of ${entry.address}`}
      >
        Undo
      </Button>
      <ConfirmModal
        isOpen={asking}
        title={`Let ${entry.address} in again?`}
        body={
          <>
            <p>
              The guard lets its requests pass again within seconds,{" "}
              {formatDuration(Math.max(0, entry.expiresAt - now))} before the block would have ended by itself. If it
              attacks again, it is blocked again.
            </p>
            {failure !== undefined && <Failure error={failure} />}
          </>
        }
        confirmText="Undo the block"
        dismissText="Keep it blocked"
        disabled={busy}
        onConfirm={undo}
        onDismiss={() => {
          setAsking(false);
          forget();
        }}
      />
    </>
  );
}
