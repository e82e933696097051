import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { type DatabaseClock, openDatabaseClock } from '../../../src/db/clock.ts';
import type { Db } from '../../../src/db/pool.ts';
import { type Needs, operatorPrefix, registerOperatorRoutes } from '../../../src/http/routes/operator/routes.ts';
import { registerCabinetRoutes } from '../../../src/http/routes/cabinet/routes.ts';
import { orderPayout } from '../../../src/http/routes/merchant/create.ts';
import { preflightOrder } from '../../../src/http/routes/merchant/preflight.ts';
import { createServer } from '../../../src/http/server.ts';
import { topUp } from '../../../src/ledger/post.ts';
import { openDirectory } from '../../../src/merchants/directory.ts';
import { createSignInGuard } from '../../../src/operators/guard-sign-in.ts';
import type { Role } from '../../../src/operators/roles.ts';
import { createToken } from '../../../src/operators/sessions.ts';
import { createUser } from '../../../src/operators/users.ts';
import { createCreator } from '../../../src/payouts/create.ts';
import { cancelPayout } from '../../../src/payouts/cancel.ts';
import { judgePayout } from '../../../src/payouts/judge.ts';
import { createRecorder } from '../../../src/payouts/record.ts';
import { createPayoutReader } from '../../../src/payouts/store.ts';
import { enroll, openAccount, openGround, vault } from '../../merchants/harness.ts';

const facts = {
  idempotentForMs: 86_400_000,
  canInquire: true,
  deliveryDelayMaxMs: undefined,
  hasSignedCallbacks: true,
};
const connectors: Needs['connectors'] = {
  names: () => ['sandbox'],
  find: (name) => (name === 'sandbox' ? { facts } : undefined),
};

const monotonicMs = (): number => performance.now();

export const password = 'correct horse battery';

export type Reply = { readonly status: number; readonly body: Body; readonly headers: Record<string, unknown> };
// What comes back is looked at by tests that know its form.
type Body = Record<string, unknown> & { readonly errors: Record<string, string[]> };

export type Ask = {
  readonly method?: string;
  readonly body?: unknown;
  /** A token; without one the request is anonymous. */
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Gateway = {
  readonly db: Db;
  readonly server: FastifyInstance;
  /** What the notification room was asked to do. */
  readonly resent: object[];
  readonly logged: unknown[];
  ask(path: string, ask?: Ask): Promise<Reply>;
  /** A person of that role with a token. */
  hire(role: Role, login?: string): Promise<string>;
  close(): Promise<void>;
};

export async function openGateway(
  options: { isOnePerson?: boolean; isSecondFactorRequired?: boolean } = {},
): Promise<Gateway> {
  const ground = await openGround();
  const { db } = ground;
  const logged: unknown[] = [];
  const note = (fields: object) => void logged.push(fields);
  const log = { error: note, warn: note, info: () => {}, debug: () => {} };
  const directory = openDirectory({ db, log });
  const resent: object[] = [];
  const settle = {
    reader: createPayoutReader({ db, overloaded: () => new Error('overloaded') }),
    recorder: createRecorder({ db, overloaded: () => new Error('overloaded') }),
    policy: {
      askBaseMs: 1_000,
      askMaxMs: 1_000,
      unknownBudgetMs: 1_000,
      acceptedBudgetMs: 1_000,
      reviewAskMs: 1_000,
      sendWithinMs: 1_000,
    },
    directory,
    wake: () => {},
    onIncident: () => {},
  };
  const clock = await openDatabaseClock({ db, monotonicMs });
  const needs: Needs = {
    db,
    monotonicMs,
    ...makeOrdering(db, clock),
    vault,
    directory,
    guard: createSignInGuard({ db }),
    connectors,
    log,
    allowLoopbackUrls: false,
    isCookieSecure: true,
    isOnePerson: options.isOnePerson ?? true,
    isSecondFactorRequired: options.isSecondFactorRequired ?? false,
    publicUrl: 'https://gateway.example',
    judgePayout: (input) => judgePayout(settle, input),
    cancelPayout: (input) => cancelPayout(settle, input),
    resendNotification(input) {
      resent.push(input);
      return Promise.resolve({ ok: true });
    },
    testEndpoint: () => Promise.resolve({ ok: true, statusCode: 204, durationMs: 3.4, error: null }),
  };
  const server = createServer({ log, trustedProxies: [] });
  registerOperatorRoutes(server, needs);
  registerCabinetRoutes(server, needs);
  await server.ready();
  return {
    db,
    server,
    resent,
    logged,
    ask: (path, ask = {}) => sendRequest(server, path, ask),
    hire: (role, login = role) => hire(db, { role, login }),
    async close() {
      await server.close();
      clock.close();
      await directory.close();
      await ground.close();
    },
  };
}

function makeOrdering(db: Db, clock: DatabaseClock): Pick<Needs, 'orderPayout' | 'preflightOrder'> {
  const creator = createCreator({
    acceptDb: db,
    probeDb: db,
    clock,
    monotonicMs,
    vault,
    wake: () => {},
    waitingMax: 1_000,
    groupsMax: 2,
    onLostAnswer: () => {},
  });
  const needs = { creator, readDb: db, allowLoopbackUrls: false, today: () => '2026-01-01' };
  return {
    orderPayout: (request) => orderPayout(needs, request),
    preflightOrder: (request) => preflightOrder(needs, request),
  };
}

async function sendRequest(server: FastifyInstance, path: string, ask: Ask): Promise<Reply> {
  const { body, token, method = body === undefined ? 'GET' : 'POST' } = ask;
  const answer = await server.inject({
    method: method as 'GET',
    url: /^\/(?:operator|merchant)\/v1/.test(path) ? path : `${operatorPrefix}${path}`,
    headers: {
      host: 'gateway.example',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...ask.headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const isJson = String(answer.headers['content-type']).startsWith('application/json');
  const parsed: unknown = isJson ? JSON.parse(answer.body) : { text: answer.body };
  return { status: answer.statusCode, body: parsed as Body, headers: answer.headers };
}

async function hire(db: Db, person: { role: Role; login: string }): Promise<string> {
  return db.tx(async (tx) => {
    const user = await createUser(tx, { ...person, password });
    const { secret } = await createToken(tx, { userId: user.userId, label: 'test', days: 1 });
    return secret;
  });
}

/** A person of a merchant with a token. */
export async function hireForMerchant(db: Db, person: { merchantId: bigint; login: string }): Promise<string> {
  return db.tx(async (tx) => {
    const user = await createUser(tx, { ...person, role: 'merchant', password });
    const { secret } = await createToken(tx, { userId: user.userId, label: 'test', days: 1 });
    return secret;
  });
}

export type Shop = { readonly merchantId: bigint; readonly accountId: string };

/** A merchant with a funded account. */
export async function openShop(db: Db, options: { currency?: string; amountMinor?: bigint } = {}): Promise<Shop> {
  const { merchantId } = await enroll(db);
  const { accountId } = await openAccount(db, { merchantId, ...options });
  const amountMinor = options.amountMinor ?? 1_000_000n;
  const movement = { merchantId, accountId, amountMinor, requestKey: 'opening', actor: 'test', reason: 'a test' };
  await db.tx((tx) => topUp(tx, movement));
  return { merchantId, accountId };
}

export type Ordered = { orderId: string; amountMinor?: bigint; mask?: string; currency?: string; service?: string };

/** Accepts payouts as the gateway does, past the wire, one after the other. Answers their ids. */
export async function acceptPayouts(db: Db, shop: Shop, orders: readonly Ordered[]): Promise<bigint[]> {
  const ids: bigint[] = [];
  for (const order of orders) {
    const amountMinor = order.amountMinor ?? 10_000n;
    const item = {
      item: 0,
      merchant_id: shop.merchantId.toString(),
      account_id: shop.accountId,
      order_id: order.orderId,
      digest: '\\x00',
      digest_key: 1,
      received_at: new Date(),
      service_code: order.service ?? 'payment_card_rub',
      recipient_kind: 'card',
      recipient_mask: order.mask ?? '427611******3333',
      recipient_sealed: '\\x00',
      currency: order.currency ?? 'RUB',
      amount_minor: amountMinor.toString(),
      due_minor: amountMinor.toString(),
      debit_minor: (amountMinor + 100n).toString(),
      commission_minor: '100',
      percent_minor: '100',
      connectors: ['sandbox'],
      endpoint_url: 'https://shop.example/notify',
    };
    const [row] = await db.query<{ verdict: string; id: bigint }>(
      `select verdict, payout_id as id from accept_payouts_v1($1, clock_timestamp() + interval '1 minute')`,
      [JSON.stringify([item])],
    );
    assert.equal(row?.verdict, 'accepted');
    ids.push(row?.id ?? 0n);
  }
  return ids;
}

/** Puts a payout into review with a live attempt, as a worker that cannot learn its end does. */
export async function putIntoReview(db: Db, shop: Shop, payoutId: bigint): Promise<void> {
  const base = {
    item: 0,
    merchant_id: shop.merchantId.toString(),
    payout_id: payoutId.toString(),
    account_id: shop.accountId,
    actor: 'worker',
    attempt_no: 1,
    attempt_connector: 'sandbox',
    attempt_reference: `${payoutId}-1`,
  };
  const [row] = await db.query<{ debit: bigint }>('select debit_minor as debit from payout where payout_id = $1', [
    payoutId,
  ]);
  const debit = row?.debit ?? 0n;
  const posting = { posting_kind: 'send', posting_connector: 'sandbox', ...zeroAmounts };
  const moved = { held_minor: (-debit).toString(), clearing_minor: debit.toString() };
  const sent = { from_state: 'queued', to_state: 'sent', version: 1, cause: 'sent', attempt_state: 'open', ...posting };
  const review = { from_state: 'sent', to_state: 'review', version: 2, cause: 'unknown_for_too_long' };
  const incident = { incident_kind: 'test_incident', incident_detail: { note: 'look' } };
  await db.query('select apply_payouts_v1($1)', [JSON.stringify([{ ...base, ...sent, ...moved }])]);
  const unknown = { ...base, ...review, attempt_state: 'unknown', ...incident };
  await db.query('select apply_payouts_v1($1)', [JSON.stringify([unknown])]);
}

const zeroAmounts = {
  available_minor: '0',
  paid_minor: '0',
  commission_minor: '0',
  receivable_minor: '0',
  funding_minor: '0',
};

/** So many queued payouts, `n-1` and so on, straight into the table: for lists that are longer than a page. */
export async function queueMany(db: Db, { merchantId, accountId }: Shop, count: number): Promise<void> {
  await db.query(
    `insert into payout (merchant_id, payout_id, account_id, order_id, state, service_code, recipient_kind,
       recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor,
       percent_minor, old_available_minor, connectors)
     select $1, 300000000 + n, $2, 'n-' || n, 'queued', 'qiwi_rub', 'wallet_phone', '*******4455', '\\x01', 'RUB',
       100, 100, 100, 0, 0, 0, '{sandbox}'
     from generate_series(1, $3::integer) n`,
    [merchantId, accountId, count],
  );
}
