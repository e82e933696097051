import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { countExecutions } from '../../src/connectors/sandbox-book.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Db, openPool, openSession } from '../../src/db/pool.ts';
import { liftPause, listPauses, setPause } from '../../src/payouts/pause.ts';
import { type Load, sendAll, sleep } from '../faults/load.ts';
import { startReceiver } from '../faults/receiver.ts';
import { createProcesses, makeFolder, masterKey, openShop, removeFolder, type Watched } from '../faults/site.ts';
import { findFreePort, runCommand } from '../gateway.ts';
import { type DebianServer, findMissing, makeServer } from './debian-server.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const endMaxMs = 60_000;
const count = 10;

type Scene = { readonly folder: string; readonly server: DebianServer; readonly pools: Db[] };

function openDb({ server, pools }: Scene): Db {
  const db = openPool({ connection: server, name: 'drill', connectionsMax: 2, onError: () => {} });
  pools.push(db);
  return db;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = performance.now() + endMaxMs; !(await isSo()); await sleep(100)) {
    assert.ok(performance.now() < giveUpAt, `${what}: not within ${endMaxMs / 1_000} s`);
  }
}

/** How many payouts with these ids are in these states. */
async function countIn(db: Db, ids: readonly number[], states: readonly string[]): Promise<number> {
  const text = 'select count(*) as n from payout where payout_id = any ($1::bigint[]) and state = any ($2::text[])';
  const [row] = await db.query<{ n: bigint }>(text, [ids, states]);
  return Number(row?.n);
}

const acknowledged = (load: Load): number[] =>
  load.readAnswers().flatMap(({ status, id }) => (status === 200 && id !== null ? [id] : []));
const final = ['paid', 'fail', 'cancel'];

test('a database of one’s own, restored with pgBackRest to a moment, pays nothing a second time', async (context) => {
  const missing = findMissing();
  if (missing !== undefined) return context.skip(missing);
  const folder = await makeFolder();
  const receiver = await startReceiver();
  const port = await findFreePort();
  const scene: Scene = { folder, server: await makeServer(folder), pools: [] };
  const { server } = scene;
  const gateways = createProcesses({ folder, port, url: () => server.url, settings: {} });
  const site: Watched = { ...gateways, folder, receiver, port, db: () => openDb(scene) };
  const executions = (): Map<string, number> => countExecutions(gateways.bookPath);
  const command = { DATABASE_URL: server.url, MASTER_KEY: masterKey.toString('base64'), DATA_DIR: join(folder, 'x') };
  try {
    await server.start();
    server.backRest('stanza-create');
    await migrate({ connect: () => openSession(server), folder: migrations });
    const before = openDb(scene);
    const shop = await openShop(before, receiver.url('ok'));
    await gateways.start('run');
    const take = async (): Promise<number[]> =>
      acknowledged(await sendAll(site, shop, { clients: 5, ordersMax: count }));
    const allIn = (db: Db, ids: readonly number[], states: readonly string[]) => async (): Promise<boolean> =>
      (await countIn(db, ids, states)) === ids.length;

    // The backup has some that ended. Others wait at the moment that is restored, and are sent after it.
    const ended = await take();
    await until('they end', allIn(before, ended, final));
    server.backRest('--type=full', 'backup');
    const { pause } = await before.tx((tx) =>
      setPause(tx, { scope: 'connector', connector: 'sandbox', reason: 'the drill', setBy: 'test' }),
    );
    await sleep(1_000);
    const waiting = await take();
    assert.equal(await countIn(before, waiting, ['queued']), count, 'they wait');
    const moment = server.psql('select clock_timestamp()');
    await sleep(20);
    await before.tx((tx) => liftPause(tx, pause.pauseId));
    await until('they are sent', allIn(before, waiting, final));
    const lost = await take();
    await until('they end as well', allIn(before, lost, final));
    const executed = executions();
    server.backRest('check');
    await gateways.endAll();
    await server.kill();
    await server.loseData();

    server.backRest('--type=time', `--target=${moment}`, '--target-action=promote', 'restore');
    await server.start();
    const restored = openDb(scene);
    assert.equal(await countIn(restored, lost, [...final, 'queued', 'sent']), 0, 'the moment lies before them');
    assert.equal(await countIn(restored, waiting, ['queued']), count, 'as it was at that moment');
    assert.match(await runCommand(['quarantine'], command), new RegExp(`${count} payouts that waited are asked about`));
    await gateways.start('run');
    await until('what had been sent is found out by asking', allIn(restored, waiting, final));
    assert.deepEqual(executions(), executed, 'nothing was sent for it');
    const fresh = await take();
    assert.ok(Math.min(...fresh) > Math.max(...lost), 'no id is given twice');
    await sleep(1_000);
    assert.deepEqual(executions(), executed, 'nothing is sent before people allow it');
    for (const { pauseId } of await listPauses(restored)) await restored.tx((tx) => liftPause(tx, pauseId));
    await until('the new ones end', allIn(restored, fresh, final));
    const paid = await restored.query<{ id: bigint }>(`select payout_id as id from payout where state = 'paid'`);
    const book = executions();
    assert.deepEqual(
      [...book.values()].filter((times) => times > 1),
      [],
      'each once',
    );
    for (const { id } of paid) assert.equal(book.get(id.toString()), 1, `${id} is paid`);
    // What the restored database does not know of is what the provider's statement shows (docs/operations.md).
    const known = new Set([...ended, ...waiting, ...fresh].map(String));
    for (const id of book.keys()) assert.ok(known.has(id) || lost.map(String).includes(id), id);
    assert.match(await runCommand(['audit'], command), /claims hold, 0 are violated/);
  } catch (error) {
    throw new Error(`PostgreSQL said: ${await server.readLog().catch(() => 'nothing')}`, { cause: error });
  } finally {
    await gateways.endAll();
    for (const db of scene.pools) await db.close().catch(() => {});
    await server.kill();
    await receiver.close();
    await removeFolder(folder);
  }
});
