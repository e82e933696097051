import assert from 'node:assert/strict';
import type { DemoGateway } from '../gateway.ts';
import { type HttpAnswer, send } from './merchant.ts';

export type TestOperator = {
  call(method: string, path: string, body?: object): Promise<HttpAnswer>;
  /** A new account of the demo merchant with every service of its currency and so much money. */
  openAccount(given: { readonly currency: string; readonly amount: string }): Promise<string>;
  readonly merchantPath: string;
};

/** Signs in with the demo's password, as a person in the console does. */
export async function openOperator(gateway: DemoGateway): Promise<TestOperator> {
  const base = `${gateway.demo.baseUrl}/operator/v1`;
  let cookie = '';
  const call = (method: string, path: string, body?: object): Promise<HttpAnswer> => {
    const headers: Record<string, string> = { Cookie: cookie, Origin: gateway.demo.baseUrl, 'X-Vyplata-Request': '1' };
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
    async openAccount({ currency, amount }) {
      const opened = await call('POST', `${merchantPath}/accounts`, {
        currency,
        mode: 'sandbox',
      });
      assert.equal(opened.status, 201, opened.text);
      const path = `${merchantPath}/accounts/${String(opened.json['id'])}`;
      const services = await call('GET', `${path}/services`);
      for (const { service } of services.json['items'] as {
        service: {
          service_code: string;
        };
      }[]) {
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
