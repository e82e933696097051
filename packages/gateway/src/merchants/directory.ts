import type { Sql, Statement } from '../db/pool.ts';
import { type AccountEntry, loadAccount, loadMerchant, type MerchantEntry } from './load.ts';
import { createKeyUses } from './record-use.ts';

export type {
  AccountEntry,
  KeyEntry,
  MerchantEntry,
  ServiceEntry,
} from './load.ts';

/** Merchants, accounts, keys, services and endpoints in memory: what the public API reads on every request. */
export type Directory = {
  /**
   * The account of a UUID in any case, with the keys that are valid now. A known account needs no query. undefined: no
   * such account. Throws what the database throws when the account has to be loaded.
   */
  findAccount(accountId: string): Promise<AccountEntry | undefined>;
  /** Throws when there is no such merchant. */
  findMerchant(merchantId: bigint): Promise<MerchantEntry>;
  /** After a local change: whoever asks from now on sees it. Other processes see it within `pollMs`. */
  refresh(): Promise<void>;
  /** Remembers first and last use of a key and writes them every few seconds. */
  noteKeyUse(merchantId: bigint, keyId: bigint): void;
  /** Stops polling and writes the last uses of keys. */
  close(): Promise<void>;
};

export type DirectoryOptions = {
  readonly db: Sql;
  /** Milliseconds since 1970. */
  readonly clock?: { now(): number };
  readonly log: { warn(facts: object, text: string): void; info(facts: object, text: string): void };
  readonly pollMs?: number;
  /** How many accounts and how many merchants are kept; the one unused for longest goes first. */
  readonly entriesMax?: number;
  /** How long "no such account" is believed, and how many of them are kept. */
  readonly absentMs?: number;
  readonly absentMax?: number;
  readonly keyUseMs?: number;
};

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const selectRevision: Statement = { name: 'directory_revision', text: 'select number from directory_revision' };
const never = Number.POSITIVE_INFINITY;

/** Opens the view; nothing is read until it is asked for. */
export function openDirectory(options: DirectoryOptions): Directory {
  const { db, log, clock = Date, entriesMax = 10_000, absentMs = 1_000, absentMax = 10_000 } = options;
  const uses = createKeyUses({ db, clock });
  const accounts = keepAccounts({ db, clock, entriesMax, absentMs, absentMax });
  const merchants = keepMerchants({ db, entriesMax });
  const poll = createPoll(db, () => {
    accounts.drop();
    merchants.drop();
  });
  const stopPolling = repeat({
    everyMs: options.pollMs ?? 250,
    log,
    work: poll,
    what: 'the directory of merchants could not be checked',
  });
  const stopFlushing = repeat({
    everyMs: options.keyUseMs ?? 5_000,
    log,
    work: uses.flush,
    what: 'the use of keys could not be written',
  });
  return {
    findAccount: accounts.find,
    findMerchant: merchants.find,
    refresh: poll,
    noteKeyUse: uses.note,
    async close() {
      await Promise.all([stopPolling(), stopFlushing()]);
      await uses.flush().catch((error: unknown) => log.warn({ err: error }, 'the last uses of keys were not written'));
    },
  };
}

type KeptAccount = { readonly promise: Promise<AccountEntry | undefined>; readonly staleAt: number };
type AccountView = { readonly present: Map<string, KeptAccount>; readonly absent: Map<string, number> };
type AccountNeeds = {
  readonly db: Sql;
  readonly clock: { now(): number };
  readonly entriesMax: number;
  readonly absentMs: number;
  readonly absentMax: number;
};

/** The entries are promises: those who ask while an account is being loaded wait for the same load. */
function keepAccounts({ db, clock, entriesMax, absentMs, absentMax }: AccountNeeds) {
  let view: AccountView = { present: new Map(), absent: new Map() };

  function load(accountId: string): Promise<AccountEntry | undefined> {
    // Dropping the view meanwhile leaves this load with the old one: its callers get what they asked for, nobody later.
    const { present, absent } = view;
    const promise = loadAccount(db, accountId);
    keep(present, accountId, { promise, staleAt: never }, entriesMax);
    promise.then(
      (entry) => {
        if (present.get(accountId)?.promise !== promise) return;
        if (entry !== undefined) return keep(present, accountId, keptFor(entry, promise), entriesMax);
        present.delete(accountId);
        keep(absent, accountId, clock.now() + absentMs, absentMax);
      },
      () => {
        if (present.get(accountId)?.promise === promise) present.delete(accountId);
      },
    );
    return promise;
  }

  /** Expiry needs no change in the database, so it is watched here. */
  async function dropExpiredKeys(accountId: string, kept: KeptAccount): Promise<AccountEntry | undefined> {
    const { present } = view;
    const entry = await kept.promise;
    if (entry === undefined) return undefined;
    const now = clock.now();
    const keys = entry.keys.filter(({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > now);
    const fresh = { ...entry, keys };
    if (present.get(accountId)?.promise === kept.promise) {
      keep(present, accountId, keptFor(fresh, Promise.resolve(fresh)), entriesMax);
    }
    return fresh;
  }

  return {
    find(spelling: string): Promise<AccountEntry | undefined> {
      const accountId = spelling.toLowerCase();
      const kept = view.present.get(accountId);
      if (kept !== undefined) {
        keep(view.present, accountId, kept, entriesMax);
        return clock.now() < kept.staleAt ? kept.promise : dropExpiredKeys(accountId, kept);
      }
      const isAbsent = (view.absent.get(accountId) ?? 0) > clock.now();
      return isAbsent || !uuidForm.test(accountId) ? Promise.resolve(undefined) : load(accountId);
    },
    drop() {
      view = { present: new Map(), absent: new Map() };
    },
  };
}

function keptFor(entry: AccountEntry, promise: Promise<AccountEntry | undefined>): KeptAccount {
  const staleAt = Math.min(never, ...entry.keys.map(({ expiresAt }) => expiresAt?.getTime() ?? never));
  return { promise, staleAt };
}

function keepMerchants({ db, entriesMax }: { readonly db: Sql; readonly entriesMax: number }) {
  let present = new Map<bigint, Promise<MerchantEntry>>();
  return {
    find(merchantId: bigint): Promise<MerchantEntry> {
      const kept = present.get(merchantId);
      const promise = kept ?? loadMerchant(db, merchantId);
      keep(present, merchantId, promise, entriesMax);
      const view = present;
      if (kept === undefined) {
        promise.catch(() => {
          if (view.get(merchantId) === promise) view.delete(merchantId);
        });
      }
      return promise;
    },
    drop() {
      present = new Map();
    },
  };
}

/** Puts an entry at the young end of the map and lets the oldest go when there are too many. */
function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, entriesMax: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > entriesMax) map.delete(map.keys().next().value as Key);
}

/** Reads the revision and drops the view when it is another one; of overlapping reads the one begun last decides. */
function createPoll(db: Sql, drop: () => void): () => Promise<void> {
  let known: bigint | undefined;
  let begun = 0;
  let decided = 0;
  return async () => {
    begun += 1;
    const turn = begun;
    const [row] = await db.run<{ number: bigint }>(selectRevision);
    if (row === undefined) throw new Error('table directory_revision is empty: run the migrations again');
    if (turn < decided) return;
    decided = turn;
    if (row.number !== known) drop();
    known = row.number;
  };
}

type Repeat = {
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  readonly log: DirectoryOptions['log'];
  readonly what: string;
};

/** Runs `work` again and again until it is stopped. A failure is logged when it begins and when it is over. */
function repeat({ everyMs, work, log, what }: Repeat): () => Promise<void> {
  let isFailing = false;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer = setTimeout(turn, everyMs).unref();

  function turn(): void {
    running = work()
      .then(
        () => {
          if (isFailing) log.info({}, `${what}: over`);
          isFailing = false;
        },
        (error: unknown) => {
          if (!isFailing) log.warn({ err: error }, `${what}; the present view stays`);
          isFailing = true;
        },
      )
      .then(() => {
        if (!isStopped) timer = setTimeout(turn, everyMs).unref();
      });
  }

  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await running;
  };
}
