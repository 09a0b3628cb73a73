import { DashboardBuilder, DatasourceVariableBuilder, type Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

const datasource = { type: "prometheus", uid: "${datasource}" };
const query = (expression: string, legend: string) =>
  new DataqueryBuilder().expr(expression).legendFormat(legend).datasource(datasource).refId("A");

/** What a panel shows. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  /** PromQL. */
  readonly expression: string;
  readonly legend: string;
  /** A unit of Grafana: `short`, `ops`, `s` … */
  readonly unit: string;
}

/** A number, `width` of 24 columns wide. */
export const stat = (panel: Panel, width: number) =>
  new StatBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(datasource)
    .withTarget(query(panel.expression, panel.legend).instant())
    .unit(panel.unit)
    .noValue("0")
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .height(4)
    .span(width);

/** Lines over time, or stacked bars, `width` of 24 columns wide. */
export const series = (panel: Panel, width: number, bars = false) => {
  const builder = new TimeseriesBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(datasource)
    .withTarget(query(panel.expression, panel.legend))
    .unit(panel.unit)
    .min(0)
    .fillOpacity(bars ? 70 : 12)
    .lineWidth(bars ? 0 : 1.5)
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .height(8)
    .span(width);
  return bars ? builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)) : builder;
};

/** What a counter gains a second, summed by labels. */
export const rate = (name: string, by: string): string => `sum by (${by}) (rate(${name}[$__rate_interval]))`;

/** An empty dashboard with the settings that all of ours have. */
export const dashboardBuilder = (title: string, uid: string, description: string): DashboardBuilder =>
  new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["vedette", "security"])
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .timezone("browser")
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));

/** Builds it; Grafana gives panels ids when it saves, and a dashboard kept as code has to bring its own. */
export function finished(builder: DashboardBuilder): Dashboard {
  const dashboard = builder.build();
  for (const [index, panel] of (dashboard.panels ?? []).entries()) panel.id = index + 1;
  return { ...dashboard, schemaVersion: 42 };
}
