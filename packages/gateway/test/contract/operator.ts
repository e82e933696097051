import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { readKeyArchive } from '@vyplata/sdk/archive';
import type { DemoGateway } from '../gateway.ts';
import { type HttpAnswer, send } from './merchant.ts';

export type NewAccount = {
  readonly currency: string;
  readonly amount: string;
  readonly merchantPath?: string;
  /** Which services it may use; all of its currency when absent. */
  readonly services?: readonly string[];
};

export type TestOperator = {
  call(method: string, path: string, body?: object, language?: 'en' | 'ru'): Promise<HttpAnswer>;
  /** A new account, of the demo merchant if no other is named, with every service of its currency and so much money. */
  openAccount(given: NewAccount): Promise<string>;
  /** A merchant beside the demo's, and the private key it signs with. */
  openMerchant(name: string): Promise<{ readonly path: string; readonly key: KeyObject }>;
  readonly merchantPath: string;
};

/** Signs in with the demo's password, as a person in the console does. */
export async function openOperator(gateway: DemoGateway): Promise<TestOperator> {
  const base = `${gateway.demo.baseUrl}/operator/v1`;
  let cookie = '';
  const call: TestOperator['call'] = (method, path, body, language = 'en') => {
    const own = { Cookie: cookie, Origin: gateway.demo.baseUrl, 'X-Vyplata-Request': '1' };
    const headers: Record<string, string> = { ...own, 'Accept-Language': language };
    if (body === undefined) return send(base + path, { method, headers });
    return send(base + path, {
      method,
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  };
  const signedIn = await call('POST', '/sessions', gateway.demo.operator);
  assert.equal(signedIn.status, 201, signedIn.text);
  cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const merchants = await call('GET', '/merchants');
  const [merchant] = merchants.json['items'] as { id: number }[];
  const merchantPath = `/merchants/${merchant?.id}`;
  return {
    call,
    merchantPath,
    async openMerchant(name) {
      const opened = await call('POST', '/merchants', { name });
      assert.equal(opened.status, 201, opened.text);
      const path = `/merchants/${String(opened.json['id'])}`;
      const made = await call('POST', `${path}/keys/generate`, {});
      assert.equal(made.status, 201, made.text);
      return { path, key: readKeyArchive(Buffer.from(String(made.json['archive']), 'base64')).key };
    },
    async openAccount({ currency, amount, ...given }) {
      const opened = await call('POST', `${given.merchantPath ?? merchantPath}/accounts`, {
        currency,
        mode: 'sandbox',
      });
      assert.equal(opened.status, 201, opened.text);
      const path = `${given.merchantPath ?? merchantPath}/accounts/${String(opened.json['id'])}`;
      const services = await call('GET', `${path}/services`);
      const offered = services.json['items'] as { service: { service_code: string } }[];
      for (const { service } of offered) {
        if (given.services?.includes(service.service_code) === false) continue;
        const set = await call('PUT', `${path}/services/${service.service_code}`, { enabled: true });
        assert.equal(set.status, 200, set.text);
      }
      const funded = await call('POST', `${path}/top-ups`, {
        amount,
        request_key: path.slice(-40),
        reason: 'test',
      });
      assert.equal(funded.status, 200, funded.text);
      return String(opened.json['id']);
    },
  };
}
