import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { DemoGateway } from '../gateway.ts';
import type { ShopName, Signing } from './bad-input-row.ts';
import { openMerchant } from './merchant.ts';
import { openOperator, type TestOperator } from './operator.ts';

export type Stage = {
  readonly accounts: Signing['accounts'];
  readonly keys: Signing['keys'];
  /** What the merchant of an account signs with. */
  keyOf(shop: ShopName): KeyObject;
};

const custom = [
  { service_code: 'mobile_rub', currency: 'RUB', recipient_kind: 'phone', min: '0.01' },
  { service_code: 'text_jpy', currency: 'JPY', recipient_kind: 'text' },
  { service_code: 'text_kwd', currency: 'KWD', recipient_kind: 'text' },
  // Switched off for everybody, and for the account.
  { service_code: 'off_rub', currency: 'RUB', recipient_kind: 'card', enabled: false },
  { service_code: 'unused_rub', currency: 'RUB', recipient_kind: 'card' },
];

/** Accounts of every kind of recipient and currency, closed ones, and other merchants, beside what the demo has. */
export async function openStage(gateway: DemoGateway): Promise<Stage> {
  const operator = await openOperator(gateway);
  const { key } = await openMerchant(gateway);
  await addServices(operator);
  const own = (currency: string, amount: string): Promise<string> => operator.openAccount({ currency, amount });
  const foreign = await openNeighbour(operator, 'Neighbour');
  const closed = await openNeighbour(operator, 'Closed');
  const accounts = {
    rub: await own('RUB', '100000'),
    eur: await own('EUR', '10000'),
    idr: await own('IDR', '900000000'),
    jpy: await own('JPY', '100000'),
    kwd: await own('KWD', '10000'),
    disabled: await operator.openAccount({ currency: 'RUB', amount: '100000', services: ['qiwi_rub'] }),
    rich: await own('RUB', '99999999999'),
    foreign: foreign.account,
    closed: closed.account,
  };
  const { merchantPath } = operator;
  await done(operator.call('PUT', `${merchantPath}/accounts/${accounts.rub}/services/unused_rub`, { enabled: false }));
  await done(operator.call('PATCH', `${merchantPath}/accounts/${accounts.disabled}`, { state: 'disabled' }));
  await done(operator.call('PATCH', closed.path, { state: 'disabled' }));
  await done(operator.call('POST', `${merchantPath}/endpoints`, { endpoint_id: 6, url: 'https://shop.example/6' }));
  await done(operator.call('PATCH', `${merchantPath}/endpoints/6`, { state: 'disabled' }));
  await done(operator.call('POST', `${foreign.path}/endpoints`, { endpoint_id: 42, url: 'https://shop.example/42' }));
  const curve = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const others: Partial<Record<ShopName, KeyObject>> = { foreign: foreign.key, closed: closed.key };
  return { accounts, keys: { demo: key, foreign: foreign.key, curve }, keyOf: (shop) => others[shop] ?? key };
}

async function addServices(operator: TestOperator): Promise<void> {
  for (const service of custom) {
    const names = { en: service.service_code, ru: service.service_code };
    const body = { min: '1', ...service, method: service.service_code.slice(0, -4), connectors: [], names };
    await done(operator.call('POST', '/services', body));
  }
}

/** Another merchant, with an account in roubles and its wallets. */
export async function openNeighbour(
  operator: TestOperator,
  name: string,
): Promise<{ readonly path: string; readonly key: KeyObject; readonly account: string }> {
  const { path, key } = await operator.openMerchant(name);
  const account = await operator.openAccount({
    currency: 'RUB',
    amount: '100000',
    merchantPath: path,
    services: ['qiwi_rub'],
  });
  return { path, key, account };
}

async function done(call: ReturnType<TestOperator['call']>): Promise<void> {
  const { status, text } = await call;
  assert.ok(status === 200 || status === 201, text);
}
