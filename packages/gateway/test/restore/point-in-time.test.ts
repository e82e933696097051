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
import { skipMissing } from '../skip-missing.ts';
import { type DebianServer, findMissing, makeServer } from './debian-server.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const endMaxMs = 60_000;
const count = 10;

type Scene = {
  readonly server: DebianServer;
  readonly gateways: ReturnType<typeof createProcesses>;
  readonly command: Record<string, string>;
  open(): Db;
  executions(): Map<string, number>;
};
/** Payouts by their ids: what had ended in the backup, what waited at the moment, what came after it. */
type Orders = { readonly ended: number[]; readonly waiting: number[]; readonly lost: number[] };
type Take = () => Promise<number[]>;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = performance.now() + endMaxMs; !(await isSo()); await sleep(100)) {
    assert.ok(performance.now() < giveUpAt, `${what}: not within ${endMaxMs / 1_000} s`);
  }
}

const final = ['paid', 'fail', 'cancel'];

/** How many payouts with these ids are in these states. */
async function countIn(db: Db, ids: readonly number[], states: readonly string[]): Promise<number> {
  const text = 'select count(*) as n from payout where payout_id = any ($1::bigint[]) and state = any ($2::text[])';
  const [row] = await db.query<{ n: bigint }>(text, [ids, states]);
  return Number(row?.n);
}

function untilFinal(what: string, db: Db, ids: readonly number[]): Promise<void> {
  return until(what, async () => (await countIn(db, ids, final)) === ids.length);
}

const acknowledged = (load: Load): number[] =>
  load.readAnswers().flatMap(({ status, id }) => (status === 200 && id !== null ? [id] : []));

/** A backup, the moment that is restored later, and what happens after it; then everything of the server is gone. */
async function runUntilLost(
  { server, gateways, open }: Scene,
  take: Take,
): Promise<Orders & { readonly moment: string }> {
  const db = open();
  await gateways.start('run');
  const ended = await take();
  await untilFinal('they end', db, ended);
  server.backRest('--type=full', 'backup');
  const { pause } = await db.tx((tx) =>
    setPause(tx, { scope: 'connector', connector: 'sandbox', reason: 'the drill', setBy: 'test' }),
  );
  await sleep(1_000);
  const waiting = await take();
  assert.equal(await countIn(db, waiting, ['queued']), count, 'they wait');
  const moment = server.psql('select clock_timestamp()');
  await sleep(20);
  await db.tx((tx) => liftPause(tx, pause.pauseId));
  await untilFinal('they are sent', db, waiting);
  const lost = await take();
  await untilFinal('they end as well', db, lost);
  // All of it is in the repository.
  server.backRest('check');
  await gateways.endAll();
  await server.kill();
  await server.loseData();
  return { ended, waiting, lost, moment };
}

async function verifyRestored(scene: Scene, take: Take, { ended, waiting, lost }: Orders): Promise<void> {
  const { gateways, command, executions } = scene;
  const executed = executions();
  const db = scene.open();
  assert.equal(await countIn(db, lost, [...final, 'queued', 'sent']), 0, 'the moment lies before them');
  assert.equal(await countIn(db, waiting, ['queued']), count, 'as it was at that moment');
  assert.match(await runCommand(['quarantine'], command), new RegExp(`${count} payouts that waited are asked about`));
  await gateways.start('run');
  await untilFinal('what had been sent is found out by asking', db, waiting);
  assert.deepEqual(executions(), executed, 'nothing was sent for it');
  const fresh = await take();
  assert.ok(Math.min(...fresh) > Math.max(...lost), 'no id is given twice');
  await sleep(1_000);
  assert.deepEqual(executions(), executed, 'nothing is sent before people allow it');
  for (const { pauseId } of await listPauses(db)) await db.tx((tx) => liftPause(tx, pauseId));
  await untilFinal('the new ones end', db, fresh);
  const book = executions();
  assert.deepEqual(
    [...book].filter(([, times]) => times > 1),
    [],
    'each once',
  );
  const paid = await db.query<{ id: bigint }>(`select payout_id as id from payout where state = 'paid'`);
  for (const { id } of paid) assert.equal(book.get(id.toString()), 1, `${id} is paid`);
  // What the restored database does not know of is what the provider's statement shows (docs/operations.md).
  const known = new Set([...ended, ...waiting, ...lost, ...fresh].map(String));
  assert.deepEqual(
    [...book.keys()].filter((id) => !known.has(id)),
    [],
  );
  assert.match(await runCommand(['audit'], command), /claims hold, 0 are violated/);
}

test('a database of one’s own, restored with pgBackRest to a moment, pays nothing a second time', async (context) => {
  if (skipMissing(context, findMissing())) return;
  const folder = await makeFolder();
  const receiver = await startReceiver();
  const port = await findFreePort();
  const server = await makeServer(folder);
  const gateways = createProcesses({ folder, port, url: () => server.url, settings: {} });
  const pools: Db[] = [];
  const open = (): Db => {
    const db = openPool({ connection: server, name: 'drill', connectionsMax: 2, onError: () => {} });
    pools.push(db);
    return db;
  };
  const site: Watched = { ...gateways, folder, receiver, port, db: open };
  const command = { DATABASE_URL: server.url, MASTER_KEY: masterKey.toString('base64'), DATA_DIR: join(folder, 'x') };
  const scene: Scene = { server, gateways, command, open, executions: () => countExecutions(gateways.bookPath) };
  try {
    await server.start();
    server.backRest('stanza-create');
    await migrate({ connect: () => openSession(server), folder: migrations });
    const shop = await openShop(open(), receiver.url('ok'));
    const take: Take = async () => acknowledged(await sendAll(site, shop, { clients: 5, ordersMax: count }));
    const { moment, ...orders } = await runUntilLost(scene, take);
    server.backRest('--type=time', `--target=${moment}`, '--target-action=promote', 'restore');
    await server.start();
    await verifyRestored(scene, take, orders);
  } catch (error) {
    throw new Error(`PostgreSQL said: ${await server.readLog().catch(() => 'nothing')}`, { cause: error });
  } finally {
    await gateways.endAll();
    for (const db of pools) await db.close().catch(() => {});
    await server.kill();
    await receiver.close();
    await removeFolder(folder);
  }
});
