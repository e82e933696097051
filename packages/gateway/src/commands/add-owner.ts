import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import { openPool } from '../db/pool.ts';
import { recordAction } from '../operators/record-action.ts';
import { createUser } from '../operators/users.ts';
import { applyMigrations, connect, createLog, type Stops } from './connect.ts';

/** The first people of an installation come from its own machine: there is nobody yet who could approve them. */
export async function addOwner(config: Config, stops: Stops, login: string | undefined): Promise<void> {
  if (login === undefined) throw new Error('Say who: node packages/gateway/src/main.ts owner <login>');
  const log = createLog(config, 'stderr');
  const connection = await connect(config, stops, log);
  if (config.DATABASE_URL === undefined) await applyMigrations(config, connection, log);
  const db = openPool({ connection, name: 'vyplata owner', connectionsMax: 1 });
  stops.push(() => db.close());
  const password = randomBytes(15).toString('base64url');
  await db.tx(async (tx) => {
    const user = await createUser(tx, { login, password, role: 'owner' });
    const subject = `user:${user.userId}`;
    await recordAction(tx, { actor: 'system', action: 'user.create', subject, detail: { login, role: 'owner' } });
  });
  process.stdout.write(`${login} is an owner now. First password, to be changed after signing in: ${password}\n`);
}
