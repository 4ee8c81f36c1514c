// What a dashboard of our kinds of panels may say, put together from Grafana's own types (npm package @grafana/schema).
// The test of the same name gives the dashboard this type and calls TypeScript's compiler.
import type { Dashboard as Any, DataQuery, FieldConfig, Panel, RowPanel } from '@grafana/schema';
import type * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type * as table from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type * as timeseries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';

// In JSON a value of an enumeration is its word, and what isn't said has Grafana's default.
type Plain<T> = 0 extends 1 & T ? T
  : T extends string ? `${T}`
  : T extends (infer Item)[] ? Plain<Item>[]
  : T extends object ? { [Key in keyof T]: Plain<T[Key]> }
  : T;
type Some<T> = T extends (infer Item)[] ? Some<Item>[] : T extends object ? { [Key in keyof T]?: Some<T[Key]> } : T;

type Question = DataQuery & { expr: string; legendFormat?: string; instant?: boolean; format?: 'table' | 'time_series' | 'heatmap' };

type Of<Type extends string, Options, Custom> = Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
  type: Type;
  options: Some<Options>;
  targets: Question[];
  fieldConfig: {
    defaults: Omit<FieldConfig, 'custom'> & { custom?: Some<Custom> };
    overrides: NonNullable<Panel['fieldConfig']>['overrides'];
  };
};

type Panels =
  | Of<'stat', stat.Options, never>
  | Of<'table', table.Options, table.FieldConfig>
  | Of<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | RowPanel;

export type Dashboard = Plain<Omit<Any, 'panels'> & { panels: Panels[] }>;
