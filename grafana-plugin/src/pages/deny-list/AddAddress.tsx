import { Button, Combobox, Field, Input, Modal } from "@grafana/ui";
import { type FormEvent, useId, useState } from "react";
import { useWrite } from "../../api/use-write.ts";
import { worker } from "../../api/worker.ts";
import { Failure } from "../../components/Failure.tsx";
import { checkAddress } from "./check-address.ts";

const durations = [
  { value: 15 * 60, label: "15 minutes" },
  { value: 3_600, label: "1 hour" },
  { value: 8 * 3_600, label: "8 hours" },
  { value: 24 * 3_600, label: "1 day" },
  { value: 7 * 24 * 3_600, label: "1 week" },
  { value: 30 * 24 * 3_600, label: "30 days" },
];

interface AddAddressProps {
  /** What the address field begins with. */
  readonly address: string;
  readonly incidentId: string | undefined;
  readonly onAdded: () => void;
  readonly onDismiss: () => void;
}

/** Asks for an address, for how long and why, and has it blocked. */
export function AddAddress({ address: initial, incidentId, onAdded, onDismiss }: AddAddressProps) {
  const [address, setAddress] = useState(initial);
  const [seconds, setSeconds] = useState(3_600);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const { busy, failure, run } = useWrite();
  const ids = { address: useId(), duration: useId(), reason: useId() };
  const addressProblem = checkAddress(address.trim());
  const reasonMissing = reason.trim() === "";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (addressProblem !== undefined || reasonMissing || busy) return;
    const body = {
      address: address.trim(),
      seconds,
      reason: reason.trim(),
      ...(incidentId === undefined ? {} : { incidentId }),
    };
    if (await run(body, (idempotencyKey) => worker.denyAddress({ body }, { idempotencyKey }))) onAdded();
  };
  return (
    <Modal title="Block an address" isOpen onDismiss={onDismiss}>
      <form onSubmit={(event) => void submit(event)}>
        <Field
          label="Address"
          htmlFor={ids.address}
          invalid={tried && addressProblem !== undefined}
          error={addressProblem}
          required
        >
          <Input
            id={ids.address}
            value={address}
            placeholder="203.0.113.7"
            autoFocus={initial === ""}
            autoComplete="off"
            maxLength={64}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
        </Field>
        <Field label="For how long" htmlFor={ids.duration} description="After this the block ends by itself.">
          <Combobox id={ids.duration} options={durations} value={seconds} onChange={({ value }) => setSeconds(value)} />
        </Field>
        <Field
          label="Why"
          htmlFor={ids.reason}
          description="Kept in the audit trail with your name. The blocked client never sees it."
          invalid={tried && reasonMissing}
          error="Write why."
          required
        >
          <Input
            id={ids.reason}
            value={reason}
            autoFocus={initial !== ""}
            maxLength={500}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </Field>
        {failure !== undefined && <Failure error={failure} />}
        <Modal.ButtonRow>
          <Button type="button" variant="secondary" fill="outline" onClick={onDismiss}>
            Cancel
          </Button>
          <Button type="submit" variant="destructive" icon="ban" disabled={busy}>
            Block the address
          </Button>
        </Modal.ButtonRow>
      </form>
    </Modal>
  );
}
