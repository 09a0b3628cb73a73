import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { PluginPage } from "@grafana/runtime";
import { LinkButton, useStyles2 } from "@grafana/ui";
import { useLocation } from "react-router-dom";
import { PATHS } from "../../app-paths.ts";
import { APP_ROOT } from "../../app-settings.ts";
import { Empty } from "../../components/Empty.tsx";

const pages = [
  ["Overview", PATHS.overview],
  ["Alerts", PATHS.alerts()],
  ["Incidents", PATHS.incidents()],
  ["Deny list", PATHS.denyList()],
  ["Status", PATHS.status],
] as const;

/** What an address leads to that is none of the app's. */
export default function NoSuchPage() {
  const styles = useStyles2(getStyles);
  const { pathname } = useLocation();
  const path = pathname.startsWith(APP_ROOT) ? pathname.slice(APP_ROOT.length) : pathname;
  return (
    <PluginPage pageNav={{ text: "No such page" }}>
      <Empty icon="question-circle" title="There is no such page">
        <p>
          Nothing is at <code>{path}</code>. These pages exist:
        </p>
        <div className={styles.pages}>
          {pages.map(([text, url]) => (
            <LinkButton key={url} variant="secondary" href={url}>
              {text}
            </LinkButton>
          ))}
        </div>
      </Empty>
    </PluginPage>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  pages: css({ display: "flex", flexWrap: "wrap", justifyContent: "center", gap: theme.spacing(1) }),
});
