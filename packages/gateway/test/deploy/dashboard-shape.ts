import { z } from 'zod';

/** The part of Grafana's dashboard model (schemaVersion 41) that ours uses; anything else in the file is a mistake. */
const place = z.strictObject({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1).max(20),
});

/** The data source is chosen where the dashboard is: by its variable, never by the id of somebody's installation. */
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${source}') });

const units = ['short', 'ops', 'reqps', 's', 'percentunit', 'bytes', 'none'] as const;

const threshold = z.strictObject({
  mode: z.literal('absolute'),
  steps: z.array(z.strictObject({ color: z.enum(['green', 'orange', 'red']), value: z.number().nullable() })).min(2),
});

const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  expr: z.string().min(3),
  legendFormat: z.string(),
});

const row = z.strictObject({
  id: z.int().min(1),
  type: z.literal('row'),
  title: z.string().min(3),
  collapsed: z.literal(false),
  gridPos: place.extend({ x: z.literal(0), w: z.literal(24), h: z.literal(1) }),
  panels: z.array(z.never()),
  targets: z.undefined().optional(),
});

const chart = z.strictObject({
  id: z.int().min(1),
  type: z.enum(['timeseries', 'stat', 'bargauge']),
  title: z.string().min(3),
  description: z.string().min(10).optional(),
  datasource,
  gridPos: place,
  fieldConfig: z.strictObject({
    defaults: z.strictObject({
      unit: z.enum(units),
      min: z.number().optional(),
      max: z.number().optional(),
      thresholds: threshold.optional(),
    }),
    overrides: z.array(z.never()),
  }),
  targets: z.array(target).min(1).max(6),
});

export const dashboardShape = z.strictObject({
  title: z.string().min(1),
  uid: z.string().regex(/^[a-z0-9-]{1,40}$/),
  tags: z.array(z.string()),
  timezone: z.literal('browser'),
  schemaVersion: z.literal(41),
  version: z.int().min(1),
  editable: z.boolean(),
  refresh: z.string().regex(/^\d+[sm]$/),
  time: z.strictObject({ from: z.string().startsWith('now-'), to: z.literal('now') }),
  templating: z.strictObject({
    list: z.tuple([
      z.strictObject({
        name: z.literal('source'),
        type: z.literal('datasource'),
        query: z.literal('prometheus'),
        label: z.string(),
      }),
    ]),
  }),
  annotations: z.strictObject({ list: z.array(z.never()) }),
  panels: z.array(z.discriminatedUnion('type', [row, chart])).min(1),
});

export type Panel = z.infer<typeof dashboardShape>['panels'][number];
