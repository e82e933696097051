import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { checkSchema } from '../db/migrate.ts';
import { type Connection, openPool, openSession } from '../db/pool.ts';
import type { Log } from '../http/server.ts';
import { recordAction } from '../operators/record-action.ts';
import { type Quarantined, quarantine } from '../payouts/quarantine.ts';
import { createRecorder } from '../payouts/record.ts';
import { createPayoutReader } from '../payouts/store.ts';
import { connect, createLog, migrations, type Stops } from './connect.ts';
import { policyOf } from './policy.ts';

const restoredMark = 'restored';
/** More than a gateway gives in a week at a thousand a second. */
const idsSkippedDefault = 1_000_000_000;
const actor = 'system:restore';
const reason = 'the database was restored to an earlier state: compare with the providers before anything is sent';

export function markOf(dataDir: string): string {
  return join(dataDir, restoredMark);
}

/** For a database that somebody else restored. Nothing may work on it until this has ended. */
export async function runQuarantine(config: Config, stops: Stops, argument?: string): Promise<void> {
  const idsSkipped = argument === undefined ? idsSkippedDefault : Number(argument);
  if (!Number.isSafeInteger(idsSkipped) || idsSkipped < 0) {
    throw new Error(`quarantine takes how many ids to skip, a whole number, not ${argument}.`);
  }
  const connection = await connect(config, stops, createLog(config, 'stderr'));
  const session = await openSession(connection);
  try {
    await checkSchema({ db: session, folder: migrations });
  } finally {
    await session.end();
  }
  const { doubted, nextPayoutId } = await enter(config, connection, idsSkipped);
  process.stdout.write(
    `Nothing is sent now. ${doubted} payouts that waited are asked about first; new ids begin at ${nextPayoutId}.\n` +
      'Start the gateway, compare with your providers (docs/operations.md), and lift the pause in the console.\n',
  );
}

/** The embedded database after `restore`: before anything else works on it. A crash in between begins anew. */
export async function quarantineIfRestored(config: Config, connection: Connection, log: Log): Promise<void> {
  const mark = markOf(config.DATA_DIR);
  const isRestored = await access(mark).then(
    () => true,
    () => false,
  );
  if (!isRestored) return;
  const { doubted, nextPayoutId } = await enter(config, connection, idsSkippedDefault);
  await rm(mark);
  const facts = { doubted, nextPayoutId: nextPayoutId.toString() };
  log.warn(facts, 'the database was restored: nothing is sent until the pause is lifted');
}

async function enter(config: Config, connection: Connection, idsSkipped: number): Promise<Quarantined> {
  const db = openPool({ connection, name: 'vyplata quarantine', connectionsMax: 4 });
  const overloaded = (): Error => new Error('too many payouts at once');
  const needs = {
    db,
    recordAction,
    reader: createPayoutReader({ db, overloaded }),
    recorder: createRecorder({ db, overloaded }),
    policy: policyOf(config),
    // Nothing ends here, so nobody is told.
    directory: { findAccount: () => Promise.resolve(undefined) },
    wake: () => {},
    onIncident: () => {},
  };
  try {
    return await quarantine(needs, { actor, reason, idsSkipped });
  } finally {
    await db.close();
  }
}
