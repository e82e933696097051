import type { Pool } from 'undici';
import { signBody } from '@vyplata/sdk/signature';
import type { Header, Row } from './bad-input-row.ts';
import type { Stage } from './stage.ts';

/** A refusal as the client sees it. */
export type Asked = {
  readonly status: number;
  /** The header `Payout-Created`. */
  readonly created: string | undefined;
  readonly replayed: string | undefined;
  readonly type: string;
  readonly text: string;
  readonly message: string;
  readonly errors: Readonly<Record<string, readonly string[]>>;
};

export type Post = { readonly row: Row; readonly orderId: string; readonly language: 'en' | 'ru' };

/** Sends the request of a row: signed rightly over its bytes, unless the row says otherwise. */
export async function postRow(needs: { readonly pool: Pool; readonly stage: Stage }, post: Post): Promise<Asked> {
  const { row, orderId, language } = post;
  const { stage, pool } = needs;
  const text = row.body(orderId);
  const body = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
  const shop = row.shop ?? 'rub';
  const account = stage.accounts[shop];
  const key = stage.keyOf(shop);
  const sign = signBody({ body, key });
  const { accounts, keys } = stage;
  const own = row.headers?.({ account, key, body, accounts, keys, sign }) ?? [
    ['Account', account],
    ['Sign', sign],
  ];
  const hasType = own.some(([name]) => name === 'Content-Type');
  const headers: Header[] = [...own, ['Accept-Language', language]];
  if (!hasType) headers.push(['Content-Type', 'application/json']);
  const reply = await pool.request({
    method: 'POST',
    path: row.path ?? '/v1/payout',
    headers: headers.flat(),
    body,
  });
  return readAnswer(reply.statusCode, reply.headers, await reply.body.text());
}

function readAnswer(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
): Asked {
  const header = (name: string): string | undefined => headers[name]?.toString();
  const { message = '', errors = {} } = JSON.parse(text) as Partial<Asked>;
  return {
    status,
    created: header('payout-created'),
    replayed: header('idempotent-replayed'),
    type: header('content-type') ?? '',
    text,
    message,
    errors,
  };
}
