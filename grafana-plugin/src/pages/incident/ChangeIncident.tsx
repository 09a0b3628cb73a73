import { Button, Field, Modal, RadioButtonList, TextArea } from "@grafana/ui";
import { ApiError, type IncidentDetail, type IncidentStatus, incidentStatusSchema } from "@vedette/api";
import { type FormEvent, useId, useState } from "react";
import { useWrite } from "../../api/use-write.ts";
import { worker } from "../../api/worker.ts";
import { Failure } from "../../components/Failure.tsx";
import { useMayRespond } from "../../components/use-may-respond.ts";
import { INCIDENT_STATUS } from "../../format/words.ts";

interface ChangeIncidentProps {
  readonly incident: IncidentDetail;
  readonly onChanged: (incident: IncidentDetail) => void;
  /** Somebody else was first: what is shown is old. */
  readonly onConflict: () => void;
}

const statuses = incidentStatusSchema.options.map((value) => ({ value, ...INCIDENT_STATUS[value] }));

/** Statuses that the worker would not take: an incident goes forward, or back to triaged. */
const unreachable = (from: IncidentStatus) =>
  incidentStatusSchema.options
    .slice(0, incidentStatusSchema.options.indexOf(from))
    .filter((status) => status !== "triaged");

/** A button that asks for a new status and a note. Not there for who may not change it. */
export function ChangeIncident({ incident, onChanged, onConflict }: ChangeIncidentProps) {
  const [asking, setAsking] = useState(false);
  const mayRespond = useMayRespond();
  if (!mayRespond || incident.mergedInto !== undefined) return null;
  return (
    <>
      <Button icon="edit" onClick={() => setAsking(true)}>
        Change status or add a note
      </Button>
      {asking && (
        <Dialog
          incident={incident}
          onConflict={onConflict}
          onDismiss={() => setAsking(false)}
          onChanged={(changed) => {
            setAsking(false);
            onChanged(changed);
          }}
        />
      )}
    </>
  );
}

function Dialog({
  incident,
  onChanged,
  onConflict,
  onDismiss,
}: ChangeIncidentProps & { readonly onDismiss: () => void }) {
  const [status, setStatus] = useState<IncidentStatus>(incident.status);
  const [note, setNote] = useState("");
  const { busy, failure, run } = useWrite();
  const noteId = useId();
  const statusId = useId();
  const nothing = status === incident.status && note.trim() === "";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (nothing || busy) return;
    const body = {
      revision: incident.revision,
      ...(status === incident.status ? {} : { status }),
      ...(note.trim() === "" ? {} : { note: note.trim() }),
    };
    void run([incident.id, body], async (idempotencyKey) => {
      try {
        onChanged(await worker.changeIncident({ id: incident.id, body }, { idempotencyKey }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) onConflict();
        throw error;
      }
    });
  };
  return (
    <Modal title="Change the incident" isOpen onDismiss={onDismiss}>
      <form onSubmit={submit}>
        <Field label="Status" useFieldset>
          <RadioButtonList
            name={statusId}
            options={statuses}
            disabledOptions={unreachable(incident.status)}
            value={status}
            onChange={setStatus}
          />
        </Field>
        <Field label="Note" htmlFor={noteId}>
          <TextArea
            id={noteId}
            rows={4}
            maxLength={4000}
            placeholder="What was done, what is left to do?"
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </Field>
        {failure !== undefined && <Failure error={failure} />}
        <Modal.ButtonRow>
          <Button type="button" variant="secondary" fill="outline" onClick={onDismiss}>
            Cancel
          </Button>
          <Button type="submit" disabled={busy || nothing} icon="check">
            Save
          </Button>
        </Modal.ButtonRow>
      </form>
    </Modal>
  );
}
