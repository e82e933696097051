import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signBody } from '@vyplata/sdk/signature';
import type { DemoGateway } from '../gateway.ts';

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
};

/** A merchant's program of the plainest kind: signs the very bytes it sends. */
export type TestMerchant = {
  readonly account: string;
  readonly key: KeyObject;
  post(path: string, body: string | object): Promise<HttpAnswer>;
  /** The same bytes with the same signature, for as many posts as wanted. */
  prepare(path: string, body: string | object): () => Promise<HttpAnswer>;
  waitFinal(lookup: object): Promise<Readonly<Record<string, unknown>>>;
};

export async function openMerchant(gateway: DemoGateway, account?: string): Promise<TestMerchant> {
  const pem = await readFile(join(gateway.demo.certDir, 'private.pem'), 'utf8');
  const passphrase = await readFile(join(gateway.demo.certDir, 'password.txt'), 'utf8');
  const key = createPrivateKey({ key: pem, passphrase });
  return merchantWith(gateway, { account: account ?? gateway.demo.accounts[0]?.id ?? '', key });
}

/** A program that signs with any key for any account. */
export function merchantWith(
  gateway: DemoGateway,
  { account, key }: { readonly account: string; readonly key: KeyObject },
): TestMerchant {
  const prepare = (path: string, body: string | object): (() => Promise<HttpAnswer>) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', Account: account, Sign: signBody({ body: text, key }) };
    return () => send(gateway.demo.baseUrl + path, { method: 'POST', headers, body: text });
  };
  const post = (path: string, body: string | object): Promise<HttpAnswer> => prepare(path, body)();
  return {
    account,
    key,
    prepare,
    post,
    async waitFinal(lookup) {
      for (;;) {
        const { json } = await post('/v1/payout/status', lookup);
        if (json['payment_status'] !== 'wait') return json;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
  };
}

/** Any request at all; the answer's text has to be JSON, or this throws. */
export async function send(url: string, init: RequestInit): Promise<HttpAnswer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

export const anOrder = { amount: '500.00', number: '79005554455', service: 'qiwi_rub' } as const;
