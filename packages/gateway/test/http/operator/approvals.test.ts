import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operatorRoutes } from '../../../src/http/routes/operator/routes.ts';
import { verifyAuditLog } from '../../../src/operators/record-action.ts';
import { type Gateway, openGateway, openShop, type Shop } from './harness.ts';

type Approved = { readonly id: number; readonly state: string; readonly outcome: string | null; request: unknown };

describe('what takes two people', () => {
  let gateway: Gateway;
  let shop: Shop;
  let anna: string;
  let boris: string;
  before(async () => {
    gateway = await openGateway({ isOnePerson: false });
    shop = await openShop(gateway.db);
    anna = await gateway.hire('owner', 'anna');
    boris = await gateway.hire('owner', 'boris');
  });
  after(() => gateway.close());

  const account = (): string => `/merchants/${shop.merchantId}/accounts/${shop.accountId}`;

  async function available(): Promise<unknown> {
    const { body } = await gateway.ask(`${account()}/balance`, { token: anna });
    return body.available;
  }

  async function askTopUp(requestKey: string): Promise<number> {
    const body = { amount: '5.00', request_key: requestKey, reason: 'bank statement' };
    const reply = await gateway.ask(`${account()}/top-ups`, { body, token: anna });
    assert.equal(reply.status, 202, JSON.stringify(reply.body));
    return (reply.body.approval as Approved).id;
  }

  const decide = (id: number, verdict: 'approve' | 'refuse', token: string) =>
    gateway.ask(`/approvals/${id}/${verdict}`, { body: verdict === 'refuse' ? { reason: 'no' } : {}, token });

  test('money moves when another person approves, once, and not before', async () => {
    const amountBefore = await available();
    const id = await askTopUp('two-1');
    assert.equal(await available(), amountBefore);
    assert.equal((await decide(id, 'approve', anna)).status, 409, 'not by the one who asked');
    assert.equal(await available(), amountBefore);
    const replies = await Promise.all([decide(id, 'approve', boris), decide(id, 'approve', boris)]);
    assert.deepEqual(
      replies.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409],
    );
    assert.equal(await available(), '10005.00');
    const list = await gateway.ask('/approvals?state=done', { token: anna });
    assert.deepEqual(
      (list.body.items as Approved[]).map((one) => one.id),
      [id],
    );
  });

  test('a refused request is never done, and the one who asked may take it back', async () => {
    const amountBefore = await available();
    const id = await askTopUp('two-2');
    assert.equal((await decide(id, 'refuse', boris)).status, 200);
    assert.equal((await decide(id, 'approve', boris)).status, 409);
    const own = await askTopUp('two-3');
    assert.equal((await decide(own, 'refuse', anna)).status, 200);
    assert.equal(await available(), amountBefore);
  });

  test('a request that is wrong in itself is refused at once, one that fails when it is done says why', async () => {
    const wrong = await gateway.ask(`${account()}/withdrawals`, { body: { amount: 'much' }, token: anna });
    assert.equal(wrong.status, 400);
    const body = { amount: '999999.00', request_key: 'two-4', reason: 'all of it' };
    const asked = await gateway.ask(`${account()}/withdrawals`, { body, token: anna });
    const { id } = asked.body.approval as Approved;
    const done = await decide(id, 'approve', boris);
    assert.ok(done.status >= 400);
    const { body: list } = await gateway.ask('/approvals?state=failed', { token: anna });
    assert.match((list.items as Approved[])[0]?.outcome ?? '', /amount/);
  });

  test('nobody makes a second self to approve with, and no password is shown', async () => {
    const body = { login: 'anna2', password: 'a very long password', role: 'owner' };
    const asked = await gateway.ask('/users', { body, token: anna });
    assert.equal(asked.status, 202);
    const { id, request } = asked.body.approval as Approved;
    assert.ok(!JSON.stringify(request).includes('very long'));
    assert.equal((await decide(id, 'approve', boris)).status, 200);
    const users = await gateway.ask('/users', { token: anna });
    assert.ok(JSON.stringify(users.body).includes('anna2'));
  });

  test('whoever lost the role in the meantime asks for nothing any more', async () => {
    const clara = await gateway.hire('approver', 'clara');
    const body = { amount: '1.00', request_key: 'two-5', reason: 'statement' };
    const asked = await gateway.ask(`${account()}/top-ups`, { body, token: clara });
    await gateway.db.query(`update operator_user set state = 'disabled' where login = 'clara'`);
    const { id } = asked.body.approval as Approved;
    assert.equal((await decide(id, 'approve', boris)).status, 403);
  });

  test('the actions that take two are these, and the audit log tells both people', async () => {
    assert.deepEqual(
      operatorRoutes
        .filter((route) => route.takesTwo)
        .map((route) => route.name)
        .toSorted(),
      [
        'account.freeze',
        'account.set_signature_rule',
        'account.top_up',
        'account.unfreeze',
        'account.withdraw',
        'account_limits.set',
        'account_service.set',
        'endpoint.create',
        'endpoint.update',
        'key.generate',
        'key.update',
        'key.upload',
        'merchant_limits.set',
        'merchant_networks.set',
        'merchant_user.invite',
        'merchant_user.invite_again',
        'merchant_user.reset_factors',
        'merchant_user.update',
        'pause.lift',
        'payout.review',
        'recipient_hold.lift',
        'service.create',
        'service.update',
        'user.create',
        'user.reset_factors',
        'user.update',
      ],
    );
    const rows = await gateway.db.query<{ actor: string; action: string }>(
      `select actor, action from audit_log where action like 'account.top_up%' order by row_no limit 3`,
    );
    assert.deepEqual(rows, [
      { actor: 'operator:anna', action: 'account.top_up.requested' },
      { actor: 'operator:boris', action: 'account.top_up.approved' },
      { actor: 'operator:anna', action: 'account.top_up' },
    ]);
    assert.ok((await verifyAuditLog(gateway.db)).ok);
  });
});
