import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readKeyArchive } from '@vyplata/sdk/archive';
import { signBody } from '@vyplata/sdk/signature';
import { cabinetPrefix } from '../../../src/http/routes/cabinet/routes.ts';
import { seedServices, setAccountService } from '../../../src/merchants/services.ts';
import { shippedServices } from '../../../src/core/catalogue.ts';
import {
  type Ask,
  type Gateway,
  hireForMerchant,
  openGateway,
  openShop,
  password,
  putIntoReview,
  type Reply,
  type Shop,
} from '../operator/harness.ts';

const number = '4276110012343337';

describe('what people of merchants see and do', () => {
  let gateway: Gateway;
  let shop: Shop;
  let token: string;
  before(async () => {
    gateway = await openGateway();
    const { db } = gateway;
    await db.tx((tx) => seedServices(tx, shippedServices));
    shop = await openShop(db, { amountMinor: 100_000n });
    const commission = {
      percentPpm: 10_000,
      fixedMinor: 100n,
      minMinor: 0n,
      maxMinor: null,
      bearer: 'account',
    } as const;
    await db.tx((tx) => setAccountService(tx, { ...shop, serviceCode: 'payment_card_rub', enabled: true, commission }));
    await db.query(`update service set connectors = '{sandbox}'`);
    token = await hireForMerchant(db, { merchantId: shop.merchantId, login: 'masha' });
  });
  after(() => gateway.close());

  const ask = (path: string, given: Ask = {}): Promise<Reply> => gateway.ask(cabinetPrefix + path, { token, ...given });
  const form = (given: object = {}) => ({
    account_id: shop.accountId,
    order_id: 'form-1',
    amount: '100.00',
    number,
    service: 'payment_card_rub',
    ...given,
  });
  const held = async (): Promise<bigint> => {
    const [row] = await gateway.db.query<{ held: bigint }>(
      'select held_minor as held from balance where account_id = $1',
      [shop.accountId],
    );
    return row?.held ?? -1n;
  };

  test('a person is invited, chooses a password once, and signs in', async () => {
    const owner = await gateway.hire('owner', 'anna');
    const path = `/merchants/${shop.merchantId}/users`;
    const invited = await gateway.ask(path, { token: owner, body: { login: 'Petr' } });
    assert.equal(invited.status, 201, JSON.stringify(invited.body));
    const { secret, user } = invited.body as unknown as { secret: string; user: { id: number; role: string } };
    assert.equal(user.role, 'merchant');
    const accept = (body: object) => gateway.ask(`${cabinetPrefix}/invitations/accept`, { body });
    assert.equal((await accept({ secret: 'A'.repeat(43), password: 'long enough to pass' })).status, 401);
    const short = await accept({ secret, password: 'short' });
    assert.deepEqual([short.status, Object.keys(short.body.errors)], [400, ['password']]);
    const again = await gateway.ask(`${path}/${user.id}/invitations`, { token: owner, body: {} });
    assert.equal(again.status, 201);
    assert.equal((await accept({ secret, password: 'long enough to pass' })).status, 401, 'a new one ends the old one');
    const fresh = String(again.body['secret']);
    assert.deepEqual((await accept({ secret: fresh, password: 'long enough to pass' })).body, { login: 'petr' });
    assert.equal((await accept({ secret: fresh, password: 'another long one' })).status, 401, 'once');
    const signedIn = await gateway.ask(`${cabinetPrefix}/sessions`, {
      body: { login: 'petr', password: 'long enough to pass' },
    });
    assert.equal(signedIn.status, 201);
    const list = await gateway.ask(path, { token: owner });
    assert.deepEqual(
      (list.body.items as { login: string }[]).map(({ login }) => login),
      ['masha', 'petr'],
    );
    const operators = await gateway.ask('/users', { token: owner });
    assert.ok(!JSON.stringify(operators.body).includes('petr'), 'no operator');
    assert.equal(
      (await gateway.ask(`/users/${user.id}`, { token: owner, method: 'PATCH', body: { role: 'owner' } })).status,
      404,
    );
    assert.equal(
      (await gateway.ask(`${path}/${user.id}/disable`, { token: owner, body: {} })).body['state'],
      'disabled',
    );
    const out = await gateway.ask(`${cabinetPrefix}/sessions`, {
      body: { login: 'petr', password: 'long enough to pass' },
    });
    assert.equal(out.status, 401);
    const text = JSON.stringify((await gateway.ask('/audit-log?limit=200', { token: owner })).body);
    assert.ok(text.includes('merchant-user:petr') && !text.includes(secret) && !text.includes(fresh));
  });

  test('a preflight tells what an order would cost and what is wrong with it, and holds nothing', async () => {
    const fine = await ask('/payouts/preflight', { body: form() });
    assert.deepEqual(fine.body, {
      can_order: true,
      errors: {},
      recipient: '427611******3337',
      currency: 'RUB',
      due: '100.00',
      commission: '2.00',
      debit: '102.00',
      available: '1000.00',
      available_after: '898.00',
      payout_id: null,
    });
    const wrong = await ask('/payouts/preflight', {
      body: form({ amount: '990.00', number: '4276110012343338' }),
      headers: { 'accept-language': 'ru' },
    });
    assert.deepEqual([wrong.body['can_order'], wrong.body['available_after']], [false, null]);
    assert.deepEqual(Object.keys(wrong.body.errors).toSorted(), ['amount', 'number'], 'all of it at once');
    assert.match(wrong.body.errors['number']?.[0] ?? '', /[а-я]/);
    const dear = await ask('/payouts/preflight', { body: form({ amount: '999.00' }) });
    assert.deepEqual(Object.keys(dear.body.errors), ['amount']);
    assert.equal(await held(), 0n);
    const rows = await gateway.db.query(`select 1 from order_record where order_id = 'form-1'`);
    assert.equal(rows.length, 0, 'the order_id stays free');
  });

  test('a preflight sees limits, and takes nothing of them', async () => {
    const limit = `insert into merchant_limit (merchant_id, kind, limit_value) values ($1, 'orders_per_minute', 0)`;
    await gateway.db.query(limit, [shop.merchantId]);
    const full = await ask('/payouts/preflight', { body: form() });
    assert.deepEqual(Object.keys(full.body.errors), ['request']);
    assert.equal((await ask('/payouts', { body: form() })).status, 429);
    await gateway.db.query('delete from merchant_limit');
  });

  test('an order by the form is accepted once, and the audit log says who ordered it', async () => {
    const made = await ask('/payouts', { body: form() });
    assert.deepEqual([made.status, made.body['is_replay']], [200, false], JSON.stringify(made.body));
    assert.equal(await held(), 10_200n);
    const again = await ask('/payouts', { body: form() });
    assert.deepEqual(again.body, { ...made.body, is_replay: true });
    assert.equal(await held(), 10_200n);
    const other = await ask('/payouts', { body: form({ amount: '101.00' }) });
    assert.deepEqual([other.status, Object.keys(other.body.errors)], [400, ['order_id']]);
    const seen = await ask('/payouts/preflight', { body: form() });
    assert.equal(seen.body['payout_id'], made.body['id']);
    const rows = await gateway.db.query<{ actor: string; detail: Record<string, string> }>(
      `select actor, detail from audit_log where action = 'payout.order' order by row_no`,
    );
    assert.equal(rows[0]?.actor, 'merchant-user:masha');
    assert.deepEqual(rows[0]?.detail, {
      order_id: 'form-1',
      amount: '100.00',
      service: 'payment_card_rub',
      recipient: '427611******3337',
    });
  });

  test('a payout shows its life, and nothing of operators and providers', async () => {
    const made = await ask('/payouts', { body: form({ order_id: 'form-2' }) });
    await putIntoReview(gateway.db, shop, BigInt(String(made.body['id'])));
    const { body } = await ask(`/payouts/${String(made.body['id'])}`);
    const payout = body['payout'] as Record<string, unknown>;
    assert.deepEqual([payout['payment_status'], payout['recipient']], ['wait', '427611******3337']);
    const timeline = (body['timeline'] as { event: string }[]).map(({ event }) => event);
    assert.deepEqual(timeline, ['accepted', 'sent']);
    for (const word of ['review', 'sandbox', 'attempt', 'incident', 'worker', 'evidence', number]) {
      assert.ok(!JSON.stringify(body).includes(word), word);
    }
    const found = await ask('/payouts/search', { body: { recipient: '4276 1100 1234 3337' } });
    assert.equal((found.body.items as unknown[]).length, 2);
    const statement = await ask(`/accounts/${shop.accountId}/statement`);
    assert.ok(!JSON.stringify(statement.body).includes('sandbox'));
    assert.deepEqual((await ask(`/accounts/${shop.accountId}/balance`)).body, {
      currency: 'RUB',
      available: '796.00',
      pending: '204.00',
      frozen: '0.00',
      reserve: '0.00',
      receivable: '0.00',
    });
  });

  test('a key is made with the password, and the debugger explains what it signed', async () => {
    const open = await ask('/keys/generate', { body: { current_password: 'not the password' } });
    assert.deepEqual([open.status, Object.keys(open.body.errors)], [401, ['current_password']]);
    const made = await ask('/keys/generate', { body: { current_password: password } });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { archive, key } = made.body as unknown as { archive: string; key: { id: number } };
    const pair = readKeyArchive(Buffer.from(archive, 'base64'));
    const body = Buffer.from('{"amount":"1.00"}\n');
    const explain = async (sign: string, keyId?: string) =>
      (
        await ask('/signature/explain', {
          body: { body: body.toString('base64'), sign, ...(keyId === undefined ? {} : { key_id: keyId }) },
        })
      ).body as unknown as { is_accepted: boolean; key_id: number; findings: { code: string; text: string }[] };
    const right = await explain(signBody({ body, key: pair.key }));
    assert.deepEqual([right.is_accepted, right.key_id, right.findings], [true, key.id, []]);
    const trimmed = await explain(signBody({ body: body.toString().trim(), key: pair.key }), String(key.id));
    assert.equal(trimmed.is_accepted, false);
    assert.deepEqual(
      trimmed.findings.map(({ code }) => code),
      ['body_variant'],
    );
    assert.match(trimmed.findings[0]?.text ?? '', /line break/);
    assert.equal((await ask(`/keys/${key.id}/retire`, { body: {} })).body['state'], 'retired');
    const retired = await explain(signBody({ body, key: pair.key }));
    assert.deepEqual([retired.is_accepted, retired.findings[0]?.code], [false, 'key_retired']);
    const upload = await ask('/keys', { body: { public_pem: pair.publicPem, current_password: password } });
    assert.equal(upload.status, 409, 'retired for ever');
  });

  test('endpoints and the delivery log', async () => {
    const made = await ask('/endpoints', { body: { url: 'https://shop.example/n' } });
    assert.equal(made.status, 201);
    const { id } = made.body['endpoint'] as { id: number };
    assert.equal((await ask('/endpoints', { body: { url: 'http://10.0.0.1/' } })).status, 400);
    const path = `/endpoints/${id}`;
    assert.equal((await ask(path, { method: 'PATCH', body: { state: 'disabled' } })).body['state'], 'disabled');
    assert.equal((await ask(`${path}/secret/reveal`, { body: {} })).body['secret'], made.body['secret']);
    assert.equal((await ask(`${path}/test`, { body: {} })).body['status_code'], 204);
    const [row] = await gateway.db.query<{ id: bigint }>(
      `insert into notification (merchant_id, notification_id, payout_id, account_id, endpoint_id, url, method,
         signed_text, sign, state, tries, ended_at)
       select merchant_id, nextval('notification_id'), payout_id, account_id, $2, 'https://shop.example/n', 'POST',
         '{"type":"payout"}', 'c2lnbg==', 'dead', 1, now()
       from payout where merchant_id = $1 limit 1 returning notification_id as id`,
      [shop.merchantId, id],
    );
    await gateway.db.query(
      `insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, answer)
       values ($1, $2, 1, now(), 5, 500, 'no')`,
      [shop.merchantId, row?.id],
    );
    const listed = await ask(`/notifications?state=dead&endpoint_id=${id}`);
    assert.deepEqual(
      (listed.body.items as { id: number }[]).map((item) => item.id),
      [Number(row?.id)],
    );
    assert.deepEqual((await ask('/notifications?state=delivered')).body.items, []);
    const one = await ask(`/notifications/${row?.id}`);
    assert.deepEqual([one.body['signed_text'], one.body['sign']], ['{"type":"payout"}', 'c2lnbg==']);
    const tries = one.body['deliveries'] as { status_code: number }[];
    assert.equal(tries[0]?.status_code, 500);
    assert.equal((await ask(`/notifications/${row?.id}/resend`, { body: {} })).status, 200);
    const asked = { merchantId: shop.merchantId, notificationId: row?.id, actor: 'merchant-user:masha' };
    assert.deepEqual(gateway.resent, [asked]);
    assert.equal((await ask('/notification-keys')).status, 200);
    assert.match(String((await ask('/webhook-secret/reveal', { body: {} })).body['secret']), /^whsec_/);
  });

  test('a second factor and one’s own password work as for operators', async () => {
    const started = await ask('/factors');
    assert.deepEqual(started.body['totp'], false);
    const changed = await ask('/password', { body: { current_password: password, password: `${password} again` } });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.equal((await ask('/merchant')).status, 401);
    const signedIn = await gateway.ask(`${cabinetPrefix}/sessions`, {
      body: { login: 'masha', password: `${password} again` },
    });
    assert.equal(signedIn.status, 201);
  });
});
