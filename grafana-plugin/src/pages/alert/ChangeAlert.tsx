import { config } from "@grafana/runtime";
import { Button, Field, Modal, RadioButtonList, TextArea } from "@grafana/ui";
import { type AlertChange, type CloseReason, closeReasonSchema } from "@vedette/api";
import { type FormEvent, useId, useState } from "react";
import { Failure } from "../../components/Failure.tsx";
import { CLOSE_REASON } from "../../format/words.ts";

/** What a person is about to do with an alert. */
export type Intention = "acknowledge" | "close" | "reopen" | "note";

const words: Record<Intention, { readonly title: string; readonly button: string; readonly placeholder: string }> = {
  acknowledge: {
    title: "Acknowledge the alert",
    button: "Acknowledge",
    placeholder: "What do you know so far? (optional)",
  },
  close: {
    title: "Close the alert",
    button: "Close the alert",
    placeholder: "What did you find? Who reads this next will thank you.",
  },
  reopen: { title: "Open the alert again", button: "Open again", placeholder: "Why? (optional)" },
  note: { title: "Add a note", button: "Add the note", placeholder: "What should others know?" },
};

const reasons = closeReasonSchema.options.map((value) => ({ value, ...CLOSE_REASON[value] }));

interface ChangeAlertProps {
  readonly intention: Intention;
  readonly busy: boolean;
  readonly failure: unknown;
  readonly onSubmit: (change: Omit<AlertChange, "revision">) => void;
  readonly onDismiss: () => void;
}

/** Asks what belongs to a change: a reason when closing, a note always. */
export function ChangeAlert({ intention, busy, failure, onSubmit, onDismiss }: ChangeAlertProps) {
  const [note, setNote] = useState("");
  const [closeReason, setCloseReason] = useState<CloseReason>();
  const [tried, setTried] = useState(false);
  const noteId = useId();
  const reasonId = useId();
  const { title, button, placeholder } = words[intention];
  const reasonMissing = intention === "close" && closeReason === undefined;
  const noteMissing = note.trim() === "" && (intention === "note" || closeReason === "other");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (reasonMissing || noteMissing || busy) return;
    const said = note.trim() === "" ? {} : { note: note.trim() };
    const { login } = config.bootData.user;
    switch (intention) {
      case "acknowledge":
        return onSubmit({ status: "acknowledged", ...(login === "" ? {} : { assignee: login }), ...said });
      case "close":
        return onSubmit({ status: "closed", closeReason, ...said });
      case "reopen":
        return onSubmit({ status: "open", ...said });
      case "note":
        return onSubmit(said);
    }
  };
  return (
    <Modal title={title} isOpen onDismiss={onDismiss}>
      <form onSubmit={submit}>
        {intention === "acknowledge" && <p>Others see that somebody looks at it. It becomes yours.</p>}
        {intention === "close" && (
          <Field label="Reason" invalid={tried && reasonMissing} error="Choose why the alert is closed." useFieldset>
            <RadioButtonList name={reasonId} options={reasons} value={closeReason} onChange={setCloseReason} />
          </Field>
        )}
        <Field label="Note" htmlFor={noteId} invalid={tried && noteMissing} error="Write a note.">
          <TextArea
            id={noteId}
            rows={4}
            maxLength={4000}
            placeholder={placeholder}
            value={note}
            autoFocus={intention !== "close"}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </Field>
        {failure !== undefined && <Failure error={failure} />}
        <Modal.ButtonRow>
          <Button type="button" variant="secondary" fill="outline" onClick={onDismiss}>
            Cancel
          </Button>
          <Button type="submit" disabled={busy} icon={busy ? "sync" : "check"}>
            {button}
          </Button>
        </Modal.ButtonRow>
      </form>
    </Modal>
  );
}
