import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { type HttpAnswer, send } from './merchant.ts';

const paths = ['/v1/payout', '/v1/payout/status', '/v1/account/balance', '/v1/account/info', '/v1/sandbox/advance'];
const json = { 'Content-Type': 'application/json' };

describe('errors of every kind', () => {
  let gateway: DemoGateway;
  before(async () => {
    gateway = await startDemoGateway();
  });
  after(() => gateway?.close());

  /** The same request in English and in Russian: both are refused, in the same shape and in their own language. */
  async function ask(path: string, init: RequestInit): Promise<HttpAnswer> {
    const url = gateway.demo.baseUrl + path;
    const what = `${init.method} ${path}`;
    const english = await send(url, init);
    const headers = { ...(init.headers as Record<string, string> | undefined), 'Accept-Language': 'ru' };
    const russian = await send(url, { ...init, headers });
    for (const answer of [english, russian]) {
      const { message, errors } = answer.json as { message: string; errors: Record<string, string[]> };
      assert.equal(answer.status, english.status, what);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/, what);
      assert.ok(message.length > 10, what);
      assert.ok(Object.values(errors).length > 0, what);
      for (const texts of Object.values(errors)) {
        assert.ok(texts.length > 0, what);
        for (const text of [message, ...texts]) assert.equal(/[а-яё]/i.test(text), answer === russian, text);
      }
    }
    return english;
  }

  function fieldsOf(answer: HttpAnswer): string[] {
    return Object.keys(answer.json['errors'] as object);
  }

  test('a method that a path does not take is 405 and names the one it takes', async () => {
    for (const path of paths) {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT', 'LOCK', 'PURGE']) {
        for (const query of ['', '?a=b']) {
          const answer = await ask(path + query, { method });
          const created = answer.headers.get('payout-created');
          assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST'], `${method} ${path}`);
          assert.deepEqual(fieldsOf(answer), ['request']);
          assert.equal(created, path === '/v1/payout' ? 'no' : null, `${method} ${path}`);
        }
      }
      const head = await send(gateway.demo.baseUrl + path, { method: 'HEAD' });
      assert.deepEqual([head.status, head.text], [405, ''], 'HEAD never has a body');
    }
  });

  test('a path that leads nowhere is 404, and nothing was created there', async () => {
    const unknown = [
      '/v1',
      '/v1/',
      '/v1/payouts',
      '/v1/payout/',
      '/v1/payout/status/',
      '/v1/payout/100000001',
      '/v1/payout.json',
      '/v1/PAYOUT',
      '/V1/payout',
      '//v1/payout',
      '/v1//payout',
      '/v2/payout',
      '/payout',
      '/api/v1/payout',
      '/v1%2fpayout',
      '/v1/payout%00',
      '/v1/payout%20',
      '/v1/%zz',
      '/v1/%ff',
      '/v1/%E0%A4%A',
      '/v1/:(',
      '/v1/*',
      '/v1/payout;x',
      '/v1/payout/status/x',
      `/v1/${'x'.repeat(8_000)}`,
      '/v1/account',
      '/v1/account/balance/',
      '/favicon.ico',
      '/.env',
      '/operator/v1/nothing',
      '/operator/v1',
    ];
    for (const path of unknown) {
      for (const init of [{ method: 'GET' }, { method: 'POST', headers: json, body: '{}' }]) {
        const answer = await ask(path, init);
        assert.equal(answer.status, 404, `${init.method} ${path}: ${answer.text}`);
        assert.deepEqual(fieldsOf(answer), ['request']);
        assert.equal(answer.headers.get('payout-created'), 'no', path);
      }
    }
  });

  test('what is not JSON, compressed, too large or empty is refused on every path', async () => {
    const cases: readonly (readonly [RequestInit, number, readonly string[]])[] = [
      [{ headers: { 'Content-Type': 'text/plain' }, body: '{}' }, 415, ['request']],
      [{ headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=b' }, 415, ['request']],
      [{ body: new Uint8Array([123, 125]) }, 415, ['request']],
      [{ headers: { ...json, 'Content-Encoding': 'gzip' }, body: '{}' }, 415, ['request']],
      [{ headers: json, body: 'x'.repeat(32 * 1024 + 1) }, 413, ['request']],
      [{ headers: json, body: 'x'.repeat(1024 * 1024) }, 413, ['request']],
      [{ headers: json, body: '{}' }, 400, ['account', 'sign']],
      [{ headers: json, body: '' }, 400, ['account', 'sign']],
      [{ headers: json }, 400, ['account', 'sign']],
      [{}, 400, ['account', 'sign']],
    ];
    for (const path of paths) {
      for (const [at, [init, status, fields]] of cases.entries()) {
        const answer = await ask(path, { method: 'POST', ...init });
        assert.deepEqual(
          [answer.status, fieldsOf(answer).toSorted()],
          [status, fields],
          `${path} ${at}: ${answer.text}`,
        );
        assert.equal(answer.headers.get('payout-created'), path === '/v1/payout' ? 'no' : null, `${path} ${at}`);
      }
    }
  });

  test('the other doors of the house answer in the same shape', async () => {
    const cases: readonly (readonly [method: string, path: string, status: number])[] = [
      ['POST', '/callbacks/nobody', 404],
      ['POST', '/callbacks/sandbox', 400],
      ['GET', '/operator/v1/payouts', 401],
      ['PUT', '/operator/v1/payouts', 405],
      ['POST', '/operator/v1/sessions', 400],
    ];
    for (const [method, path, status] of cases) {
      const answer = await ask(path, method === 'GET' ? { method } : { method, headers: json, body: '{}' });
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
      assert.equal(answer.headers.get('payout-created'), null, `${method} ${path}`);
    }
  });

  test('the language is the one that is asked for, English when none is', async () => {
    const asked: Readonly<Record<string, boolean>> = {
      ru: true,
      'ru-RU': true,
      'RU-ru,ru;q=0.9,en-US;q=0.8,en;q=0.7': true,
      'uk, ru;q=0.5': true,
      'en;q=0.1, ru;q=0.2': true,
      '': false,
      '*': false,
      en: false,
      'en, ru': false,
      'de-DE,de': false,
      'ru;q=0': false,
      rue: false,
      'ru;q=2': true,
      [`${'x, '.repeat(1_000)}ru`]: false,
    };
    for (const [header, isRussian] of Object.entries(asked)) {
      const { text } = await send(`${gateway.demo.baseUrl}/v1/payout`, { headers: { 'Accept-Language': header } });
      assert.equal(/[а-яё]/i.test(text), isRussian, header.slice(0, 40));
    }
  });
});
