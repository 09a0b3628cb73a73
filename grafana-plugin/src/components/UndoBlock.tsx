import { Button, ConfirmModal } from "@grafana/ui";
import { actionOf, type DenyListEntry, describeTargets, nameEntry } from "@vedette/api";
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
  const isBlock = actionOf(entry) === "block";
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
        aria-label={`Undo the ${nameEntry(entry)}`}
      >
        Undo
      </Button>
      <ConfirmModal
        isOpen={asking}
        title={isBlock ? `Let ${describeTargets(entry)} in again?` : `Undo the ${nameEntry(entry)}?`}
        body={
          <>
            <p>
              The guards hear of it within seconds, {formatDuration(Math.max(0, entry.expiresAt - now))} before it would
              have ended by itself. If the attack goes on, the rule asks for it again.
            </p>
            {failure !== undefined && <Failure error={failure} />}
          </>
        }
        confirmText={`Undo the ${isBlock ? "block" : "measure"}`}
        dismissText={isBlock ? "Keep it blocked" : "Keep it"}
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
