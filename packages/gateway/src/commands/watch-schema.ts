import { readMigrations } from '../db/read-migrations.ts';
import type { Db } from '../db/pool.ts';
import type { Log } from '../http/server.ts';
import { startRounds } from '../jobs/rounds.ts';
import { migrations, type Stops } from './connect.ts';

const everyMs = 5_000;

/**
 * Stops this process in good order when somebody makes the database one that its code must not run on. `migrate`
 * refuses to while it sees processes; this is for the one that started in the same moment.
 */
export async function watchSchema(db: Db, stops: Stops, log: Log): Promise<void> {
  // Read once: an upgrade may put newer files in their place while this code goes on.
  const known = (await readMigrations(migrations)).length;
  const rounds = startRounds({
    everyMs,
    onError: () => {},
    async run() {
      const found = await db.query<{ name: string }>(
        'select name from migration where breaking and number > $1 order by number limit 1',
        [known],
      );
      const [newer] = found;
      if (newer === undefined) return false;
      const text = `the database got the migration ${newer.name}, which this version cannot run on: it stops now`;
      log.error({ migration: newer.name }, `${text}. Start the newer version that brought it`);
      process.kill(process.pid, 'SIGTERM');
      return false;
    },
  });
  stops.push(() => rounds.stop());
}
