// Owns the PostgreSQL driver, connection pools and transactions.
// Promises that amounts and ids come back as bigint, and that a transaction commits whole or not at all.
// Refuses to know any table.
import pg from 'pg';
import type { SchemaConnection } from './migrate.ts';
import { type Connection, listPlaces } from './places.ts';

export type { Connection } from './places.ts';

/** A statement that the server plans once per connection. `name` must be unique for its text. */
export type Statement = { readonly name: string; readonly text: string };

/** Anything that runs SQL: a pool or an open transaction. Rows come back as the caller's type `R`, unchecked. */
export type Sql = {
  query<R = unknown>(text: string, values?: readonly unknown[]): Promise<R[]>;
  run<R = unknown>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
};

/** A transaction, nothing else: never hold one across a network call. */
export type Tx = Sql & { readonly isTx: true };

export type Db = Sql & {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Waiting and open connections, for metrics and shedding. */
  load(): { readonly waiting: number; readonly open: number; readonly idle: number };
  /** What happened since the start, for metrics. */
  tally(): Tally;
  close(): Promise<void>;
};

export type Tally = {
  /** Callers that found every connection taken, and how long they waited for one, together. */
  readonly waits: number;
  readonly waitedMs: number;
  /** Commits whose standby did not confirm them in time. */
  readonly unreplicated: number;
};

export type PoolOptions = {
  readonly connection: Connection;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly connectionsMax: number;
  /** Longest wait for a free or new connection. */
  readonly connectTimeoutMs?: number;
  /** The server gives up on a statement after this long. */
  readonly statementTimeoutMs?: number;
  /** The client gives up on the server after this long: a frozen server answers nothing at all. */
  readonly queryTimeoutMs?: number;
  /** Off for connection poolers that cannot keep named statements. */
  readonly namedStatements?: boolean;
  readonly onError?: (error: Error) => void;
};

const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if (oid === 20 && format !== 'binary') return (text: string) => BigInt(text);
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  },
};

type Where = pg.PoolConfig | { readonly connectionString: string };

function whereIs(place: Connection): Where {
  return 'url' in place ? { connectionString: place.url } : { ...place };
}

/** Of several servers one takes writes. A server that was set back to reading answers, and refuses every change. */
async function assertWritable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
  if (rows[0]?.standby !== false) throw new Error('this server takes no writes: it follows another one');
}

/** How long one of several servers may take to answer before the next one is tried. */
const hopTimeoutMs = 1_500;

function driverOptions(options: PoolOptions, places: readonly Connection[]): pg.PoolConfig {
  const isCluster = places.length > 1;
  const connectTimeoutMs = options.connectTimeoutMs ?? (isCluster ? hopTimeoutMs : 5_000);
  return {
    ...whereIs(places[0] ?? options.connection),
    // The pool waits for the promise, whatever its types say.
    ...(isCluster ? { onConnect: (client) => assertWritable(client) as unknown as void, maxLifetimeSeconds: 600 } : {}),
    application_name: options.name,
    max: options.connectionsMax,
    min: 0,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs ?? 20_000,
    query_timeout: options.queryTimeoutMs ?? 25_000,
    idle_in_transaction_session_timeout: 20_000,
    keepAlive: true,
    types: typeParsers,
  };
}

type Asker = { query(question: pg.QueryConfig): Promise<pg.QueryResult> };

function sqlOn(client: Asker, isNamed: boolean): Sql {
  return {
    async query<R>(text: string, values: readonly unknown[] = []): Promise<R[]> {
      const result = await client.query({ text, values: [...values] });
      return result.rows as R[];
    },
    async run<R>(statement: Statement, values: readonly unknown[] = []): Promise<R[]> {
      const config = { text: statement.text, values: [...values] };
      const result = await client.query(isNamed ? { ...config, name: statement.name } : config);
      return result.rows as R[];
    },
  };
}

/**
 * Connections on which a commit stopped waiting for its standby. The server counts that as success and only warns, but
 * the rows may be on no other machine yet: whoever asked must not take it for done.
 */
const unreplicated = new WeakSet<pg.PoolClient>();

function watchReplication(client: pg.PoolClient, note: () => void): void {
  client.on('notice', ({ routine }) => {
    // The text is translated by the server's settings, the name of the place in its source is not.
    if (routine !== 'SyncRepWaitForLSN') return;
    unreplicated.add(client);
    note();
  });
}

/** Opens a pool. Connections are made on first use. */
export function openPool(options: PoolOptions): Db {
  const places = listPlaces(options.connection);
  const pool = new pg.Pool(driverOptions(options, places));
  const tally = { waits: 0, waitedMs: 0, unreplicated: 0 };
  const take = countWaits(pool, tally, connectThrough(pool, places));
  const isNamed = options.namedStatements ?? true;
  let isClosing = false;
  pool.on('connect', (client) => {
    watchReplication(client, () => (tally.unreplicated += 1));
    // A server that ends may say so in the packet that lets us in, before anybody has the connection and listens:
    // without this the process would end too. The driver asks nothing on such a connection, so nobody misses the event.
    client.on('error', () => {});
  });
  // An idle connection that breaks emits here; without a listener it would end the process.
  pool.on('error', (error) => {
    if (!isClosing) options.onError?.(error);
  });
  return {
    ...sqlOn({ query: (question) => askOnce(take, question) }, isNamed),
    tx: (work) => runTx(take, isNamed, work),
    load: () => ({ waiting: pool.waitingCount, open: pool.totalCount, idle: pool.idleCount }),
    tally: () => ({ ...tally }),
    close() {
      isClosing = true;
      return pool.end();
    },
  };
}

/** A connection in the hands of one caller. */
type Held = Asker & {
  /** It cannot be used again: given back, it is closed. */
  noteBroken(error: unknown): void;
  isBroken(): boolean;
  giveBack(): void;
};

type Take = () => Promise<pg.PoolClient>;

/** A connection of the pool; a new one goes where the last one was made, or to the next place that is writable. */
function connectThrough(pool: pg.Pool, places: readonly Connection[]): Take {
  let at = 0;
  const connect = async (): Promise<pg.PoolClient> => {
    for (let tries = 1; ; tries += 1) {
      const from = at;
      try {
        return await pool.connect();
      } catch (error) {
        if (tries >= places.length) throw error;
        // Whoever failed first moves on, for all that wait.
        if (from === at) at = (at + 1) % places.length;
        Object.assign(pool.options, whereIs(places[at] as Connection));
      }
    }
  };
  return () =>
    connect().catch((error: unknown) => {
      throw new NotConnected(error);
    });
}

/** The clock is asked only for a caller that has to wait. */
function countWaits(pool: pg.Pool, tally: { waits: number; waitedMs: number }, take: Take): Take {
  return () => {
    const free = pool.idleCount + pool.options.max - pool.totalCount;
    if (free > pool.waitingCount) return take();
    const startedMs = performance.now();
    tally.waits += 1;
    return take().finally(() => (tally.waitedMs += performance.now() - startedMs));
  };
}

/** read_only_sql_transaction: this server took writes once, and follows another one now. */
const readOnly = '25006';

async function takeConnection(take: Take): Promise<Held> {
  const client = await take();
  let broken: Error | undefined;
  const noteBroken = (error: unknown): void => {
    broken = error instanceof Error ? error : new Error(String(error));
  };
  // Of a connection that breaks between two statements the driver tells by an event alone.
  client.on('error', noteBroken);
  return {
    noteBroken,
    isBroken: () => broken !== undefined,
    async query(question) {
      try {
        const result = await client.query(question);
        if (unreplicated.has(client)) throw new NotReplicated();
        return result;
      } catch (error) {
        // No report of the server: whatever comes next on this connection would wait behind what was not answered.
        if (!(error instanceof pg.DatabaseError) || error.code === readOnly) noteBroken(error);
        throw error;
      }
    },
    giveBack() {
      client.off('error', noteBroken);
      client.release(broken);
    },
  };
}

async function askOnce(take: Take, question: pg.QueryConfig): Promise<pg.QueryResult> {
  const held = await takeConnection(take);
  try {
    return await held.query(question);
  } catch (error) {
    // Some reports of the server are its last on a connection.
    held.noteBroken(error);
    throw error;
  } finally {
    held.giveBack();
  }
}

async function runTx<T>(take: Take, isNamed: boolean, work: (tx: Tx) => Promise<T>): Promise<T> {
  const held = await takeConnection(take);
  try {
    await held.query({ text: 'begin' });
    const value = await work({ ...sqlOn(held, isNamed), isTx: true });
    await held.query({ text: 'commit' });
    return value;
  } catch (error) {
    // Closing a connection rolls back as well.
    if (!held.isBroken()) await held.query({ text: 'rollback' }).catch(held.noteBroken);
    throw error;
  } finally {
    held.giveBack();
  }
}

/** One connection outside any pool, for migrations. */
export async function openSession(connection: Connection): Promise<SchemaConnection> {
  const places = listPlaces(connection);
  for (const [at, place] of places.entries()) {
    const client = new pg.Client(whereIs(place));
    // Without a listener a connection that breaks while nothing is asked would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
      if (places.length > 1) await assertWritable(client);
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      if (at === places.length - 1) throw error;
    }
  }
  throw new Error('the connection names no server');
}

/** The SQLSTATE of an error that the server reported, or undefined: then the fate of a commit is not known. */
function sqlStateOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return error instanceof pg.DatabaseError && typeof code === 'string' ? code : undefined;
}

/** The question was not even sent: there was no connection to be had. */
class NotConnected extends Error {
  constructor(cause: unknown) {
    super(`No connection to the database: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'NotConnected';
  }
}

/** The commit is on this server and perhaps on no standby: it survives the process, not the loss of the machine. */
class NotReplicated extends Error {
  constructor() {
    super('The standby did not confirm the commit in time: it may be lost if this server is. It is asked about anew.');
    this.name = 'NotReplicated';
  }
}

/**
 * The severity of an error after which the server goes on, as it calls it itself: in English, or in Russian where it
 * was set up so. What it calls otherwise is not taken for certain and is asked about.
 */
const survivedSeverities: ReadonlySet<string | undefined> = new Set(['ERROR', 'ОШИБКА']);

/**
 * Whether the transaction that threw is certainly not committed. What was never sent is not, and a report of the server
 * about a statement is certain. A lost connection, a shutdown (57P0x) and connection exceptions (08xxx) are not, and
 * neither are the last words of a server that ends itself: the commit may be in its log, and be there after recovery.
 */
export function isCertainlyAborted(error: unknown): boolean {
  if (error instanceof NotConnected) return true;
  if (!(error instanceof pg.DatabaseError) || !survivedSeverities.has(error.severity)) return false;
  const state = sqlStateOf(error);
  return state !== undefined && !state.startsWith('57P') && !state.startsWith('08');
}

/** Connections, resources, locks, operators, the machine: what the database lacks, whatever it is asked. */
const shortages = new Set(['08', '53', '55', '57', '58']);

/**
 * Whether what was asked is perhaps to blame. Then the other items of a group may be tried without it; in a shortage
 * each of them would only wait for the same end, one after the other.
 */
export function isStatementRefused(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && !shortages.has(state.slice(0, 2));
}

/** Whether the server reported it or the connection to it broke. */
export function isDatabaseError(error: unknown): boolean {
  return (
    error instanceof pg.DatabaseError ||
    error instanceof NotConnected ||
    error instanceof NotReplicated ||
    (error instanceof Error && 'syscall' in error)
  );
}

/** Whether another constraint row stood in the way: unique_violation. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlStateOf(error) === '23505';
}
