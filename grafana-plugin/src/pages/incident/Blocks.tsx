import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { LinkButton, useStyles2 } from "@grafana/ui";
import { actionOf, type DenyListEntry, describeEntry, describeTargets, type IncidentDetail } from "@vedette/api";
import { PATHS } from "../../app-paths.ts";
import { Moment } from "../../components/Moment.tsx";
import { Remaining } from "../../components/Remaining.tsx";
import { Section } from "../../components/Section.tsx";
import { DenyStateBadge } from "../../components/StatusBadge.tsx";
import { UndoBlock } from "../../components/UndoBlock.tsx";
import { useMayRespond } from "../../components/use-may-respond.ts";

interface BlocksProps {
  readonly incident: IncidentDetail;
  readonly actions: readonly DenyListEntry[];
  readonly onChanged: () => void;
}

/** What the guards do, or did, because of an incident. */
export function Blocks({ incident, actions, onChanged }: BlocksProps) {
  const styles = useStyles2(getStyles);
  const mayRespond = useMayRespond();
  const blocked = new Set(actions.filter(isActive).map(({ address }) => address));
  const address = incident.entities.find(({ kind, value }) => kind === "address" && !blocked.has(value));
  return (
    <Section
      title="Actions"
      count={actions.length}
      actions={
        mayRespond && address !== undefined ? (
          <LinkButton
            size="sm"
            variant="secondary"
            icon="ban"
            href={PATHS.denyList({ add: address.value, incident: incident.id })}
          >
            Block {address.value}
          </LinkButton>
        ) : undefined
      }
    >
      {actions.length === 0 && "Nobody was blocked."}
      <ul className={styles.list}>
        {actions.map((entry) => (
          <li key={entry.id}>
            <div className={styles.line}>
              <code className={styles.address}>
                {actionOf(entry) === "block" ? describeTargets(entry) : describeEntry(entry)}
              </code>
              <DenyStateBadge state={entry.state} />
              <span className={styles.undo}>
                <UndoBlock entry={entry} onUndone={onChanged} />
              </span>
            </div>
            {isActive(entry) && <Remaining entry={entry} wide />}
            <div className={styles.detail}>{entry.reason}</div>
            <div className={styles.detail}>
              By {entry.requestedBy} <Moment at={entry.createdAt} inline />
            </div>
            {entry.endedAt !== undefined && (
              <div className={styles.detail}>
                Ended{entry.endedBy === undefined ? "" : ` by ${entry.endedBy}`} <Moment at={entry.endedAt} inline />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

const isActive = ({ state }: DenyListEntry) => state === "in_force" || state === "pending";

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    margin: 0,
    listStyle: "none",
    display: "flex",
    flexDirection: "column",
    gap: theme.spacing(2),
  }),
  line: css({
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: theme.spacing(1, 1.5),
    marginBottom: theme.spacing(0.5),
  }),
  address: css({ fontSize: theme.typography.body.fontSize, fontWeight: theme.typography.fontWeightMedium }),
  undo: css({ marginLeft: "auto" }),
  detail: css({
    display: "flex",
    flexWrap: "wrap",
    gap: theme.spacing(0.5),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: "anywhere",
  }),
});
