import { z } from 'zod';
import type { Facts } from '../../../core/outcome.ts';
import type { DatabaseState, PoolState } from '../../../db/inspect.ts';
import type { JobCount } from '../../../jobs/count.ts';
import { momentAnswer, writeMoment } from './fields.ts';

const databaseAnswer = z.object({
  version: z.string(),
  started_at: momentAnswer,
  size_bytes: z.int(),
  connections: z.int(),
  connections_max: z.int(),
  sync_standbys: z.int().meta({ description: 'Standbys that a commit waits for' }),
  migration: z.object({ number: z.int(), name: z.string(), applied_at: momentAnswer }),
});

const jobsAnswer = z.object({
  kind: z.enum(['payout', 'notification']),
  due: z.int().meta({ description: 'Due and not taken yet' }),
  later: z.int().meta({ description: 'Due later, or owned by a worker whose lease ends then' }),
  is_cut_off: z.boolean().meta({ description: 'There is at least as much: counting stopped' }),
  oldest_due_at: momentAnswer.nullable(),
});

const poolAnswer = z.object({
  name: z.string(),
  address: z.string().meta({ description: 'Empty: on the machine of the database' }),
  connections: z.int(),
  busy: z.int(),
  since: momentAnswer,
});

const connectorAnswer = z.object({
  name: z.string(),
  idempotent_for_ms: z.int().meta({ description: 'For how long a second send moves no second money; 0: no promise' }),
  can_inquire: z.boolean(),
  delivery_delay_max_ms: z.int().nullable(),
  has_signed_callbacks: z.boolean(),
});

export const systemAnswer = z
  .object({
    gateway: z.object({ version: z.string(), node: z.string(), started_at: momentAnswer, uptime_ms: z.int() }),
    database: databaseAnswer,
    jobs: z.array(jobsAnswer),
    pools: z.array(poolAnswer).meta({ description: 'Connections of all gateways on this database, by their use' }),
    connectors: z.array(connectorAnswer),
    audit: z.object({
      next_pass_at: momentAnswer.meta({ description: 'When the audit beside the work is due again' }),
      is_late: z.boolean().meta({ description: 'It is overdue: no worker runs it, or it is switched off' }),
    }),
  })
  .meta({ id: 'System' });

type SystemState = {
  readonly version: string;
  readonly now: Date;
  readonly uptimeMs: number;
  readonly database: DatabaseState;
  readonly jobs: readonly JobCount[];
  readonly pools: readonly PoolState[];
  readonly connectors: readonly { readonly name: string; readonly facts: Facts }[];
  readonly nextPassAt: Date;
};

/** Passes are made in turns; a pass this long overdue is not coming. */
const lateMs = 120_000;

export function writeSystem(state: SystemState): z.input<typeof systemAnswer> {
  const { version, now, uptimeMs, nextPassAt } = state;
  return {
    gateway: {
      version,
      node: process.version,
      started_at: writeMoment(new Date(now.getTime() - uptimeMs)),
      uptime_ms: Math.round(uptimeMs),
    },
    database: writeDatabase(state.database),
    jobs: state.jobs.map(({ kind, due, later, isCutOff, oldestDueAt }) => ({
      kind,
      due,
      later,
      is_cut_off: isCutOff,
      oldest_due_at: writeMoment(oldestDueAt),
    })),
    pools: state.pools.map(({ since, ...pool }) => ({ ...pool, since: writeMoment(since) })),
    connectors: state.connectors.map(({ name, facts }) => ({
      name,
      idempotent_for_ms: facts.idempotentForMs,
      can_inquire: facts.canInquire,
      delivery_delay_max_ms: facts.deliveryDelayMaxMs ?? null,
      has_signed_callbacks: facts.hasSignedCallbacks,
    })),
    audit: {
      next_pass_at: writeMoment(nextPassAt),
      is_late: now.getTime() - nextPassAt.getTime() > lateMs,
    },
  };
}

function writeDatabase(database: DatabaseState): z.input<typeof databaseAnswer> {
  const { migration } = database;
  return {
    version: database.version,
    started_at: writeMoment(database.startedAt),
    size_bytes: Number(database.sizeBytes),
    connections: database.connections,
    connections_max: database.connectionsMax,
    sync_standbys: database.syncStandbys,
    migration: { number: migration.number, name: migration.name, applied_at: writeMoment(migration.appliedAt) },
  };
}
