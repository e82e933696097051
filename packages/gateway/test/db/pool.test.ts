import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type Db, isCertainlyAborted, isStatementRefused, openPool } from '../../src/db/pool.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openProxy, type Proxy } from '../faults/proxy.ts';

describe('a transaction on a connection that breaks', () => {
  const queryTimeoutMs = 1_000;
  let folder: string;
  let database: TestDatabase;
  let proxy: Proxy;
  let db: Db;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vyplata-pool-'));
    database = await openTestDatabase();
    const { host, port } = database.connection;
    const name = `.s.PGSQL.${port}`;
    proxy = await openProxy({ listen: join(folder, name), to: join(host, name) });
    db = openPool({
      connection: { ...database.connection, host: folder },
      name: 'test',
      connectionsMax: 1,
      queryTimeoutMs,
    });
  });

  after(async () => {
    await db.close();
    await proxy.close();
    await database.close();
    await rm(folder, { recursive: true });
  });

  test('between two statements: the next one fails, and the pool goes on with a new connection', async () => {
    const broken = db.tx(async (tx) => {
      await tx.query('select 1');
      proxy.cut(1);
      await sleep(50);
      await tx.query('select 2');
    });
    await assert.rejects(broken);
    assert.deepEqual(await db.query('select 3 as answer'), [{ answer: 3 }]);
  });

  test('that answers nothing any more: nobody waits a second time for its rollback', async () => {
    const startedAt = performance.now();
    const hung = db.tx(async (tx) => {
      proxy.treat('hold');
      await tx.query('select 1');
    });
    await assert.rejects(hung, /timeout/);
    assert.ok(performance.now() - startedAt < 1.8 * queryTimeoutMs, 'it took as long as one statement may');
    proxy.treat('pass');
    assert.deepEqual(await db.query('select 2 as answer'), [{ answer: 2 }]);
  });

  test('those who find every connection taken are counted, with the time that they wait', async () => {
    const { waits, waitedMs } = db.tally();
    await Promise.all([db.query('select pg_sleep(0.05)'), db.query('select 1')]);
    const tally = db.tally();
    assert.equal(tally.waits, waits + 1);
    assert.ok(tally.waitedMs - waitedMs > 20);
    assert.equal(tally.unreplicated, 0);
  });

  test('what the caller throws rolls back, and the connection is used again', async () => {
    const pidOf = async (): Promise<unknown> => (await db.query('select pg_backend_pid() as pid'))[0];
    const pid = await pidOf();
    await assert.rejects(
      db.tx(async (tx) => {
        await tx.query('create table never (id int)');
        throw new Error('changed my mind');
      }),
      /changed my mind/,
    );
    assert.deepEqual(await db.query(`select to_regclass('never') as found`), [{ found: null }]);
    assert.deepEqual(await pidOf(), pid);
  });
});

describe('what an error says about a transaction', () => {
  const caught = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => assert.fail('it went well'),
      (error: unknown) => error,
    );
  let database: TestDatabase;
  let db: Db;

  before(async () => {
    database = await openTestDatabase();
    db = openPool({ connection: database.connection, name: 'test', connectionsMax: 2 });
  });

  after(async () => {
    await db.close();
    await database.close();
  });

  test('without a connection nothing was sent', async () => {
    const connection = { ...database.connection, host: join(tmpdir(), 'no-database-is-here') };
    const nowhere = openPool({ connection, name: 'test', connectionsMax: 1 });
    for (const attempt of [nowhere.query('select 1'), nowhere.tx((tx) => tx.query('select 1'))]) {
      const error = await caught(attempt);
      assert.match(String(error), /No connection to the database/);
      assert.deepEqual([isCertainlyAborted(error), isStatementRefused(error)], [true, false]);
    }
    await nowhere.close();
  });

  test('a connection that was lost leaves it open', async () => {
    const error = await caught(db.query('select pg_terminate_backend(pg_backend_pid()), pg_sleep(1)'));
    assert.deepEqual([isCertainlyAborted(error), isStatementRefused(error)], [false, false]);
  });

  test('a refused statement is certain, and perhaps the fault of one item', async () => {
    const error = await caught(db.query('select 1 / 0'));
    assert.deepEqual([isCertainlyAborted(error), isStatementRefused(error)], [true, true]);
  });

  test('a shortage is certain, and nobody in particular is to blame', async () => {
    for (const state of ['53100', '53300', '55P03', '57014']) {
      const error = await caught(
        db.query(`do $$ begin raise exception 'too little' using errcode = '${state}'; end $$`),
      );
      assert.deepEqual([isCertainlyAborted(error), isStatementRefused(error)], [true, false], state);
    }
  });

  test('the last words of a server that ends itself are not: its log may have the commit', async () => {
    for (const severity of ['PANIC', 'FATAL']) {
      const dying = await listen((socket) =>
        socket.once('data', () => socket.end(lastWords(severity, '53100', 'could not write to file'))),
      );
      const pool = openPool({ connection: dying.connection, name: 'test', connectionsMax: 1 });
      const error = await caught(pool.query('select 1'));
      await pool.close();
      dying.close();
      assert.match(String(error), /could not write to file/);
      assert.deepEqual([isCertainlyAborted(error), isStatementRefused(error)], [false, false], severity);
    }
  });
});

test('the last words of a server that come together with its welcome end no process', async () => {
  const dying = await listen((socket) => socket.end(lastWords('FATAL', '57P01', 'unexpected postmaster exit')));
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => void unheard.push(error);
  process.on('uncaughtException', hear);
  const pool = openPool({ connection: dying.connection, name: 'test', connectionsMax: 1 });
  try {
    for (let tries = 0; tries < 3; tries += 1) await assert.rejects(pool.query('select 1'));
    assert.deepEqual(unheard, []);
  } finally {
    process.off('uncaughtException', hear);
    await pool.close();
    dying.close();
  }
});

/** A message of PostgreSQL's protocol. */
function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

function lastWords(severity: string, state: string, text: string): Buffer {
  return message('E', `S${severity}\0V${severity}\0C${state}\0M${text}\0\0`);
}

/** A server that lets everybody in; the rest is up to `serve`. */
async function listen(serve: (socket: Socket) => void): Promise<{ connection: Connection; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      // One piece for whoever reads it, with what `serve` writes at once.
      socket.cork();
      socket.write(message('R', '\0\0\0\0'));
      socket.write(message('Z', 'I'));
      serve(socket);
      socket.uncork();
    });
  });
  await once(server.listen({ port: 0, host: '127.0.0.1' }), 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const connection = { host: '127.0.0.1', port: address.port, user: 'test', database: 'test' };
  return { connection, close: () => void server.close() };
}
