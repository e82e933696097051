import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { type Db, openPool } from '../../src/db/pool.ts';
import { type Load, order, post, sleep } from './load.ts';
import { createUser } from '../../src/operators/users.ts';
import { signedOrder, signText } from './orders.ts';
import { breakSite, type Ground, randomMs, type Scenario } from './scenario.ts';
import type { Site } from './site.ts';

const frozenMs = 27_000;
const createMaxMs = 12_000;
const answerMaxMs = 25_000;
const comeBackMaxMs = 60_000;

/** The postmaster and its children. */
async function listProcesses(postmaster: number): Promise<number[]> {
  const found = [postmaster];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === postmaster) found.push(Number(name));
  }
  return found;
}

/** Kills the postmaster, or one session, after which PostgreSQL throws all others out and recovers by itself. */
async function killDatabase(site: Site, what: 'postmaster' | 'session'): Promise<void> {
  if (what === 'postmaster') {
    process.kill(await site.database.pid(), 'SIGKILL');
    await site.database.restart();
    return;
  }
  const killed = await pickSession(site);
  process.kill(killed, 'SIGKILL');
  for (let tries = 0; tries < 200; tries += 1) {
    const isBack = await site
      .db()
      // Until PostgreSQL has noticed, it answers and lists the session as if nothing were.
      .query('select 1 from pg_stat_activity where pid = $1', [killed])
      .then((rows) => rows.length === 0)
      .catch(() => false);
    if (isBack) return;
    await sleep(50);
  }
  throw new Error('PostgreSQL did not come back after one of its sessions was killed');
}

/** After a recovery the gateways have to come back first. */
async function pickSession(site: Site): Promise<number> {
  const untilAt = performance.now() + comeBackMaxMs;
  while (performance.now() < untilAt) {
    const [row] = await site
      .db()
      .query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name like 'vyplata%' order by random() limit 1`,
      );
    if (row !== undefined) return row.pid;
    await sleep(50);
  }
  const crashes = await site.readCrashes();
  throw new Error(`no gateway came back to its database; ${crashes.join(' ') || 'all of them run'}`);
}

type Asking = { readonly what: string; readonly maxMs: number; readonly ask: () => Promise<unknown> };

/** A person who is signed in, as the headers of a browser. */
async function signIn(site: Site): Promise<Record<string, string>> {
  const person = { login: 'owner', password: 'a password of a test' };
  await site.db().tx((tx) => createUser(tx, { ...person, role: 'owner' }));
  const origin = `http://127.0.0.1:${site.port}`;
  const headers = { 'Content-Type': 'application/json', Origin: origin, 'X-Vyplata-Request': '1' };
  const url = `${origin}/operator/v1/sessions`;
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(person) });
  assert.equal(answer.status, 201, 'signing in');
  return { ...headers, Cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' };
}

/** Everything that may be asked while the database does not answer, with how long it may take. */
function listAskings({ site, shop }: Ground, headers: Record<string, string>): Asking[] {
  const at = shop.nextOrder;
  shop.nextOrder += 1;
  const signed = (path: string, body: string): Asking => {
    return { what: path, maxMs: answerMaxMs, ask: () => post(site, shop, { path, body, sign: signText(body) }) };
  };
  const plain = (path: string, body?: object): Asking => {
    const url = `http://127.0.0.1:${site.port}${path}`;
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    return { what: path, maxMs: answerMaxMs, ask: async () => (await fetch(url, init)).text() };
  };
  return [
    { what: 'create', maxMs: createMaxMs, ask: () => order(site, shop, { at }) },
    signed('/v1/payout/status', '{"order_id":"none"}'),
    signed('/v1/payout/status', '{"id":100000001}'),
    signed('/v1/account/balance', '{}'),
    signed('/v1/account/info', '{}'),
    plain('/health/ready'),
    plain('/operator/v1/sessions', { login: 'owner', password: 'another password' }),
    plain('/operator/v1/merchants', { name: 'A merchant of a test' }),
    plain('/operator/v1/payouts'),
    plain('/operator/v1/audit-log/verdict'),
  ];
}

/** Answers what was late. An answer, or the end of the connection: both tell the client to stop waiting. */
async function askEverything(askings: readonly Asking[]): Promise<string[]> {
  const tooks = await Promise.all(
    askings.map(async ({ what, maxMs, ask }) => {
      const startedAt = performance.now();
      await ask().catch(() => {});
      const tookMs = performance.now() - startedAt;
      return tookMs > maxMs ? [`${what} took ${Math.round(tookMs)} ms`] : [];
    }),
  );
  return tooks.flat();
}

async function freezeDatabase(ground: Ground, load: Load): Promise<void> {
  const askings = listAskings(ground, await signIn(ground.site));
  const pids = await listProcesses(await ground.site.database.pid());
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  const startedAt = performance.now();
  const late: string[] = [];
  try {
    late.push(...(await askEverything(askings)));
    await sleep(frozenMs - (performance.now() - startedAt));
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  const answers = load.readAnswers();
  assert.ok(
    answers.some(({ created }) => created === 'unknown'),
    'no order met the frozen database',
  );
  const slow = answers.filter(({ tookMs }) => tookMs > createMaxMs);
  assert.deepEqual(late, [], 'answers that came too late');
  assert.deepEqual(slow, [], 'creates that were answered too late');
}

/** Keeps the row of the shop's balance locked, so that no order can be accepted. */
async function lockBalance({ site, shop }: Ground, meanwhile: () => Promise<void>): Promise<void> {
  await site.db().tx(async (tx) => {
    await tx.query('select 1 from balance where merchant_id = $1 for update', [shop.merchantId]);
    await meanwhile();
  });
}

/** Takes every connection that PostgreSQL has left. */
async function takeConnections(site: Site): Promise<Db> {
  const [host = ''] = site.realSocket.split('/.s.PGSQL.');
  const connection = { host, port: 5432, user: 'vyplata', database: 'vyplata' };
  const pool = openPool({ connection, name: 'greedy', connectionsMax: 200, onError: () => {} });
  const results = await Promise.allSettled(Array.from({ length: 150 }, () => pool.query('select pg_sleep(0.5)')));
  assert.ok(
    results.some(({ status }) => status === 'rejected'),
    'PostgreSQL had room for everybody',
  );
  return pool;
}

export const databaseScenarios: readonly Scenario[] = [
  {
    name: 'database-killed',
    what: 'kill -9 of PostgreSQL under load: of the postmaster, and of single sessions',
    run: ({ rounds }) =>
      breakSite({ processes: ['run'] }, async (ground) => {
        ground.startLoad();
        for (let round = 0; round < rounds; round += 1) {
          await sleep(randomMs(500, 1_200));
          await killDatabase(ground.site, round % 2 === 0 ? 'postmaster' : 'session');
        }
        await sleep(500);
      }),
  },
  {
    name: 'database-frozen',
    what: 'all of PostgreSQL stopped for 27 s: create answers within 12 s, everything else within 25 s',
    run: () =>
      breakSite({ processes: ['run'] }, async (ground) => {
        const load = ground.startLoad();
        await sleep(700);
        await freezeDatabase(ground, load);
        await sleep(700);
      }),
  },
  {
    name: 'pool-exhausted',
    what: 'more orders than the database takes, and then a database without a free connection',
    run: ({ rounds }) =>
      breakSite(
        { processes: ['run'], settings: { ACCEPT_CONNECTIONS: '1', READ_CONNECTIONS: '1', CREATES_WAITING_MAX: '20' } },
        async (ground) => {
          const { site, shop } = ground;
          const load = ground.startLoad({ clients: 40 });
          for (let round = 0; round < rounds / 2; round += 1) {
            await sleep(300);
            const ask = askFor(await firstAccepted(load));
            await lockBalance(ground, async () => {
              await sleep(1_000);
              const status = await post(site, shop, ask);
              assert.equal(status.status, 200, 'status while no order can be accepted');
              await sleep(1_000);
            });
            await starve(ground);
          }
          const shed = load.readAnswers().filter(({ status, created }) => status === 503 && created === 'no');
          assert.ok(shed.length > 0, 'orders were refused while there was no room for them');
          await sleep(300);
        },
      ),
  },
];

/** An order that is there for certain: of those that came first some are refused, there being no room for them. */
async function firstAccepted(load: Load): Promise<number> {
  for (const untilAt = performance.now() + comeBackMaxMs; performance.now() < untilAt; await sleep(50)) {
    const accepted = load.readAnswers().find(({ created }) => created === 'yes');
    if (accepted !== undefined) return accepted.at;
  }
  throw new Error(`no order was accepted within ${comeBackMaxMs / 1_000} s`);
}

function askFor(at: number): { path: string; body: string; sign: string } {
  const body = JSON.stringify({ order_id: signedOrder(at).orderId });
  return { path: '/v1/payout/status', body, sign: signText(body) };
}

/** Throws the gateway's sessions out while others have taken every connection. */
async function starve({ site }: Ground): Promise<void> {
  const greedy = await takeConnections(site);
  try {
    await site
      .db()
      .query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'vyplata%'`);
    const [more] = await Promise.allSettled([
      Promise.all(Array.from({ length: 60 }, () => greedy.query('select pg_sleep(1)'))),
      sleep(1_500),
    ]);
    void more;
  } finally {
    await greedy.close();
  }
}
