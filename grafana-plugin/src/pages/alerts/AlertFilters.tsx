import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { Button, Combobox, FilterInput, RadioButtonGroup, useStyles2 } from "@grafana/ui";
import type { AlertStatus, RuleSummary } from "@vedette/api";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { useEffect, useState } from "react";
import { useSearchParams } from "react-router-dom";
import { withParameter } from "../../components/with-parameter.ts";
import { ALERT_STATUS, SEVERITY } from "../../format/words.ts";
import { type FilterName, FILTERS, PERIODS } from "./alert-filter.ts";

const statuses: { value: AlertStatus | ""; label: string }[] = [
  { value: "", label: "All" },
  { value: "open", label: ALERT_STATUS.open },
  { value: "acknowledged", label: ALERT_STATUS.acknowledged },
  { value: "closed", label: ALERT_STATUS.closed },
];
const severities = SEVERITY_LEVELS.toReversed().map((value) => ({ value, label: SEVERITY[value] }));
const periods = PERIODS.map(({ value, label }) => ({ value, label }));

/** Filters of the list of alerts; all of them live in the address. */
export function AlertFilters({ rules }: { readonly rules: readonly RuleSummary[] }) {
  const styles = useStyles2(getStyles);
  const [parameters, setParameters] = useSearchParams();
  const set = (name: FilterName, value: string | null | undefined) =>
    setParameters((before) => withParameter(before, name, value));
  const filtered = FILTERS.some((name) => parameters.has(name));
  const clear = () =>
    setParameters((before) => FILTERS.reduce((after, name) => withParameter(after, name, undefined), before));
  return (
    <div className={styles.filters} role="search" aria-label="Filter alerts">
      <RadioButtonGroup
        aria-label="Status"
        options={statuses}
        value={(parameters.get("status") ?? "") as AlertStatus | ""}
        onChange={(value) => set("status", value)}
      />
      <Combobox
        aria-label="Severity"
        placeholder="Any severity"
        width={16}
        isClearable
        options={severities}
        value={parameters.get("severity")}
        onChange={(option) => set("severity", option?.value)}
      />
      <Combobox
        aria-label="Rule"
        placeholder="Any rule"
        width={26}
        isClearable
        options={ruleOptions(rules, parameters.get("rule"))}
        value={parameters.get("rule")}
        onChange={(option) => set("rule", option?.value)}
      />
      <EntityFilter
        key={parameters.get("entity")}
        value={parameters.get("entity") ?? ""}
        onChange={(value) => set("entity", value)}
      />
      <Combobox
        aria-label="Time"
        placeholder="Any time"
        prefixIcon="clock-nine"
        width={20}
        isClearable
        options={periods}
        value={parameters.get("since")}
        onChange={(option) => set("since", option?.value)}
      />
      {filtered && (
        <Button variant="secondary" fill="text" icon="times" onClick={clear}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

/** Rules by title; a rule that the address names and that is not loaded (any more) keeps its id. */
function ruleOptions(rules: readonly RuleSummary[], chosen: string | null) {
  const options = rules.map(({ id, title }) => ({ value: id, label: title }));
  return chosen === null || rules.some(({ id }) => id === chosen)
    ? options
    : [...options, { value: chosen, label: chosen }];
}

/** A text field that filters half a second after the last key, so that Back does not go through every letter. */
function EntityFilter({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => onChange(text.trim()), 500);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return <FilterInput aria-label="Entity" placeholder="Address or user" width={24} value={text} onChange={setText} />;
}

const getStyles = (theme: GrafanaTheme2) => ({
  filters: css({
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: theme.spacing(1),
    marginBottom: theme.spacing(2),
  }),
});
