import type { PayoutState } from '../../src/core/payout.ts';
import type { AttemptState } from '../../src/core/payout.ts';

/** The database of a simulated world: what the functions of the migrations do, each as one step nobody sees half. */
export type Account = { available: bigint; held: bigint; clearing: bigint; paid: bigint; commission: bigint };

export type AttemptRow = {
  attemptNo: number;
  connector: string;
  reference: string;
  state: AttemptState;
  asks: number;
  startedAt: number;
  providerId: string | undefined;
};

export type PayoutRow = {
  payoutId: bigint;
  orderId: string;
  accountId: string;
  state: PayoutState;
  version: number;
  amountMinor: bigint;
  debitMinor: bigint;
  dueMinor: bigint;
  commissionMinor: bigint;
  percentMinor: bigint;
  connectors: string[];
  finalPaidMinor: bigint | undefined;
  attempts: AttemptRow[];
  captures: number;
  transitions: [PayoutState, PayoutState][];
  incidents: string[];
  notifications: string[];
  receivedAt: number;
  createdAt: number;
};

export type JobRow = { payoutId: bigint; runAt: number; fence: number };
type OrderRow = { payoutId: bigint | undefined; digest: string; digestKey: number; madeAt: number };

/** Broken designs of the database's side. */
export type StoreMutant =
  | 'no-guards'
  | 'no-version'
  | 'tombstone-ignored'
  | 'read-then-write'
  | 'capture-twice'
  | 'job-forgotten'
  | 'order-key-forgotten'
  | 'notification-lost';

export type AcceptInput = {
  item: number;
  account_id: string;
  order_id: string;
  digest: string;
  digest_key: number;
  received_at: string;
  amount_minor: string;
  due_minor: string;
  debit_minor: string;
  commission_minor: string;
  percent_minor: string;
  connectors: string[];
  lease_ms?: number;
};

export type Store = {
  readonly now: () => number;
  readonly is: (mutant: StoreMutant) => boolean;
  readonly accounts: Map<string, Account>;
  readonly payouts: Map<bigint, PayoutRow>;
  readonly orders: Map<string, OrderRow>;
  readonly jobs: Map<bigint, JobRow>;
};

export function createStore(needs: { readonly now: () => number; readonly mutant: string | undefined }): Store {
  return {
    now: needs.now,
    is: (mutant) => needs.mutant === mutant,
    accounts: new Map(),
    payouts: new Map(),
    orders: new Map(),
    jobs: new Map(),
  };
}

const tables = ['accounts', 'payouts', 'orders', 'jobs'] as const;

export function copyStore(store: Store): Store {
  const copies = tables.map((table) => [table, structuredClone(store[table])] as const);
  return { ...store, ...(Object.fromEntries(copies) as Pick<Store, (typeof tables)[number]>) };
}

export function restoreStore(store: Store, saved: Store): void {
  for (const table of tables) restoreTable<unknown, unknown>(store[table], saved[table]);
}

function restoreTable<K, V>(table: Map<K, V>, saved: ReadonlyMap<K, V>): void {
  table.clear();
  for (const [key, row] of saved) table.set(key, row);
}

/** What accept_payouts_v1 does with a group. */
export function acceptItems(store: Store, items: readonly AcceptInput[], deadlineAt: number): object[] {
  const { now } = store;
  if (now() >= deadlineAt) throw Object.assign(new Error('the deadline has passed'), { code: 'VY001' });
  const seen = new Map([...store.accounts].map(([id, account]) => [id, account.available]));
  return items.map((item) => acceptItem(store, item, seen.get(item.account_id)));
}

function acceptItem(store: Store, item: AcceptInput, seenBefore: bigint | undefined): object {
  const { now, is, orders, payouts, jobs } = store;
  const known = orders.get(item.order_id);
  const isBarred = known?.payoutId === undefined && (known?.madeAt ?? -1) >= Date.parse(item.received_at);
  if (known?.payoutId !== undefined && !is('order-key-forgotten')) return answer(item, 'exists', known);
  if (known !== undefined && isBarred && !is('tombstone-ignored')) return answer(item, 'barred');
  const account = store.accounts.get(item.account_id);
  const debit = BigInt(item.debit_minor);
  const available = is('read-then-write') ? seenBefore : account?.available;
  if (account === undefined || available === undefined || available < debit) return answer(item, 'funds');
  const payoutId = firstId + BigInt(payouts.size);
  account.available -= debit;
  account.held += debit;
  payouts.set(payoutId, { ...newPayout(payoutId, item), createdAt: now() });
  orders.set(item.order_id, { payoutId, digest: item.digest, digestKey: item.digest_key, madeAt: now() });
  const { lease_ms: leaseMs } = item;
  jobs.set(payoutId, { payoutId, runAt: now() + (leaseMs ?? 0), fence: leaseMs === undefined ? 0 : 1 });
  return { item: item.item, verdict: 'accepted', payout_id: payoutId, digest: null, digest_key: null };
}

const firstId = 100_000_001n;

function answer(item: AcceptInput, verdict: string, order?: OrderRow): object {
  const digest = order === undefined ? null : Buffer.from(order.digest.slice(2), 'hex');
  const digestKey = order?.digestKey ?? null;
  return { item: item.item, verdict, payout_id: order?.payoutId ?? null, digest, digest_key: digestKey };
}

/** What apply_payouts_v1 does with one row of record.ts; false if it was not written. */
export function applyChange(store: Store, change: Readonly<Record<string, unknown>>): boolean {
  const { is, jobs } = store;
  const payout = store.payouts.get(BigInt(String(change['payout_id'])));
  if (payout === undefined) return false;
  const isCurrent = payout.version === change['version'] && payout.state === change['from_state'];
  if (!isCurrent && !is('no-version') && !is('no-guards')) return false;
  const fence = change['fence'];
  if (fence !== undefined && jobs.get(payout.payoutId)?.fence !== fence && !is('no-guards')) return false;
  movePosting(store, payout, change);
  const to = change['to_state'] as PayoutState;
  if (to !== change['from_state']) payout.transitions.push([payout.state, to]);
  payout.state = to;
  payout.version += 1;
  const paid = change['final_paid_minor'];
  if (paid !== undefined) payout.finalPaidMinor = BigInt(String(paid));
  if (change['attempt_no'] !== undefined) writeAttempt(store, payout, change);
  if (change['incident_kind'] !== undefined) payout.incidents.push(String(change['incident_kind']));
  const told = change['notifications'];
  if (Array.isArray(told) && !is('notification-lost')) payout.notifications.push(...told.map(() => to));
  writeJob(store, payout, change['run_in_ms']);
  return true;
}

function writeJob({ now, is, jobs }: Store, { payoutId }: PayoutRow, runInMs: unknown): void {
  if (runInMs === undefined || is('job-forgotten')) jobs.delete(payoutId);
  else if (Number(runInMs) >= 0) {
    jobs.set(payoutId, { payoutId, fence: jobs.get(payoutId)?.fence ?? 0, runAt: now() + Number(runInMs) });
  }
}

function movePosting({ is, accounts }: Store, payout: PayoutRow, change: Readonly<Record<string, unknown>>): void {
  const account = accounts.get(payout.accountId);
  if (change['posting_kind'] === undefined || account === undefined) return;
  if (change['posting_kind'] === 'capture') payout.captures += 1;
  const times = change['posting_kind'] === 'capture' && is('capture-twice') ? 2n : 1n;
  const of = (name: string): bigint => BigInt(String(change[name])) * times;
  account.available += of('available_minor');
  account.held += of('held_minor');
  account.clearing += of('clearing_minor');
  account.paid += of('paid_minor');
  account.commission += of('commission_minor');
}

function writeAttempt({ now }: Store, payout: PayoutRow, change: Readonly<Record<string, unknown>>): void {
  const attemptNo = Number(change['attempt_no']);
  const known = payout.attempts.find((attempt) => attempt.attemptNo === attemptNo);
  const state = change['attempt_state'] as AttemptState;
  if (known !== undefined) {
    Object.assign(known, { state, asks: known.asks + 1 });
    return;
  }
  const [connector, reference] = [String(change['attempt_connector']), String(change['attempt_reference'])];
  payout.attempts.push({ attemptNo, connector, reference, state, asks: 0, startedAt: now(), providerId: undefined });
}

export function writeTombstone({ now, orders }: Store, orderId: string): void {
  if (orders.get(orderId)?.payoutId !== undefined) return;
  orders.set(orderId, { payoutId: undefined, digest: '', digestKey: 0, madeAt: now() });
}

function newPayout(payoutId: bigint, item: AcceptInput): PayoutRow {
  return {
    payoutId,
    orderId: item.order_id,
    accountId: item.account_id,
    state: 'queued',
    version: 1,
    amountMinor: BigInt(item.amount_minor),
    debitMinor: BigInt(item.debit_minor),
    dueMinor: BigInt(item.due_minor),
    commissionMinor: BigInt(item.commission_minor),
    percentMinor: BigInt(item.percent_minor),
    connectors: item.connectors,
    finalPaidMinor: undefined,
    attempts: [],
    captures: 0,
    transitions: [],
    incidents: [],
    notifications: [],
    receivedAt: Date.parse(item.received_at),
    createdAt: 0,
  };
}
