// Owns the PostgreSQL driver, connection pools and transactions.
// Promises that amounts and ids come back as bigint, and that a transaction commits whole or not at all.
// Refuses to know any table.
import pg from 'pg';
import type { SchemaConnection } from './migrate.ts';

/** Where PostgreSQL is: a connection URL, or the parts (`host` may be the folder of a Unix socket). */
export type Connection =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

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
  close(): Promise<void>;
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

function driverOptions(options: PoolOptions): pg.PoolConfig {
  const where = 'url' in options.connection ? { connectionString: options.connection.url } : { ...options.connection };
  return {
    ...where,
    application_name: options.name,
    max: options.connectionsMax,
    min: 0,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
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

function watchReplication(client: pg.PoolClient): void {
  client.on('notice', ({ routine }) => {
    // The text is translated by the server's settings, the name of the place in its source is not.
    if (routine === 'SyncRepWaitForLSN') unreplicated.add(client);
  });
}

/** Opens a pool. Connections are made on first use. */
export function openPool(options: PoolOptions): Db {
  const pool = new pg.Pool(driverOptions(options));
  const isNamed = options.namedStatements ?? true;
  let isClosing = false;
  pool.on('connect', watchReplication);
  // An idle connection that breaks emits here; without a listener it would end the process.
  pool.on('error', (error) => {
    if (!isClosing) options.onError?.(error);
  });
  return {
    ...sqlOn({ query: (question) => askOnce(pool, question) }, isNamed),
    tx: (work) => runTx(pool, isNamed, work),
    load: () => ({ waiting: pool.waitingCount, open: pool.totalCount, idle: pool.idleCount }),
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

async function takeConnection(pool: pg.Pool): Promise<Held> {
  const client = await pool.connect().catch((error: unknown) => {
    throw new NotConnected(error);
  });
  let broken: Error | undefined;
  const noteBroken = (error: unknown): void => {
    broken = error instanceof Error ? error : new Error(String(error));
  };
  // Of a connection that breaks between two statements the driver tells by an event, which ends the process when nobody
  // listens.
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
        if (!(error instanceof pg.DatabaseError)) noteBroken(error);
        throw error;
      }
    },
    giveBack() {
      client.off('error', noteBroken);
      client.release(broken);
    },
  };
}

async function askOnce(pool: pg.Pool, question: pg.QueryConfig): Promise<pg.QueryResult> {
  const held = await takeConnection(pool);
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

async function runTx<T>(pool: pg.Pool, isNamed: boolean, work: (tx: Tx) => Promise<T>): Promise<T> {
  const held = await takeConnection(pool);
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
  const client = new pg.Client('url' in connection ? { connectionString: connection.url } : { ...connection });
  await client.connect();
  return client;
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
 * Whether the transaction that threw is certainly not committed. What was never sent is not, and a report of the server
 * about a statement is certain; a lost connection, a shutdown (57P0x) and connection exceptions (08xxx) are not.
 */
export function isCertainlyAborted(error: unknown): boolean {
  if (error instanceof NotConnected) return true;
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
