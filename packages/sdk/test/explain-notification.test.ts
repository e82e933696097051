import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { explainNotification } from '../src/explain-notification.ts';
import { signTestNotification } from '../src/notification.ts';
import { parseJson, readVector } from './vectors.ts';

test('a notification that does not verify says why', async () => {
  const privateKey = createPrivateKey(readVector('notification/private.pem'));
  const publicKey = createPublicKey(privateKey);
  const fields = { desc: 'a + b', order_id: 'x y' };
  const post = await signTestNotification({ key: privateKey, fields });
  const values = parseJson(post.body);
  const findings: [string, Record<string, unknown>, 'POST' | 'GET'][] = [
    ['values_changed', { ...values, amount: '900.00' }, 'POST'],
    ['types_changed', { ...values, id: String(values.id), is_partial_payment: 0 }, 'POST'],
    ['other_method', values, 'GET'],
    ['plus_or_space', { ...values, order_id: 'x+y' }, 'POST'],
    ['white_space', { ...values, desc: ' a + b' }, 'POST'],
  ];
  for (const [finding, changed, method] of findings) {
    assert.equal(explainNotification({ values: changed, method, key: publicKey }), finding);
  }
  const own = createPublicKey(readVector('payout/public.pem'));
  assert.equal(explainNotification({ values, method: 'POST', key: own }), 'other_key');
});
