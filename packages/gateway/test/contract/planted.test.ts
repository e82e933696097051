import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readKeyArchive } from '@vyplata/sdk/archive';
import { unzipSync } from 'fflate';
import { TOTP, Secret } from 'otpauth';
import { cabinetRoutes } from '../../src/http/routes/cabinet/routes.ts';
import { operatorRoutes } from '../../src/http/routes/operator/routes.ts';
import { connectionTo, openClient } from '../cluster.ts';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { openReceiver, type Receiver } from '../notifications/receiver.ts';
import { merchantWith, openMerchant, type TestMerchant } from './merchant.ts';
import {
  bankAccount,
  bic,
  card,
  dumpTables,
  euroCard,
  extra,
  findIn,
  givenPlants,
  iban,
  password,
  person,
  personPassword,
  phone,
  type Plant,
  readFiles,
  toNeedles,
} from './planted.ts';

/** Grows while the flows run: secrets that the gateway makes are planted when they are shown, once. */
const plants: Plant[] = [...givenPlants];

type Asked = { readonly status: number; readonly bytes: Buffer; readonly json: Record<string, unknown> };
type Ask = { method?: string; body?: unknown; token?: string; cookie?: string; headers?: Record<string, string> };

/** Reads that answer nothing unless they are told what about. */
const neededQueries: Readonly<Record<string, string>> = { 'pause_weight.read': '?scope=all' };

describe('secrets and recipients stay where they belong', () => {
  let gateway: DemoGateway;
  let merchant: TestMerchant;
  let collector: Receiver;
  /** What was answered where nothing secret is to be shown. */
  const answers = new Map<string, Buffer>();
  const errors: string[] = [];

  before(async () => {
    const first = await startDemoGateway();
    // The database is to write down everything that it is asked, values included.
    const settings = `log_statement = 'all'\nlog_min_duration_statement = 0\nlog_error_verbosity = verbose\n`;
    await appendFile(join(first.dataDir, 'postgres', 'local.conf'), settings);
    await first.kill('SIGTERM');
    collector = await openReceiver();
    const { origin: OTEL_EXPORTER_OTLP_ENDPOINT } = new URL(collector.url);
    const env = { LOG_LEVEL: 'debug', RECIPIENT_KEEP_DAYS: '1', OTEL_EXPORTER_OTLP_ENDPOINT };
    gateway = await startDemoGateway({ dataDir: first.dataDir, port: first.port, env });
    merchant = await openMerchant(gateway);
  });
  after(() => Promise.all([gateway?.close(), collector?.close()]));

  async function ask(path: string, given: Ask = {}): Promise<Asked> {
    const { body, token, cookie, method = body === undefined ? 'GET' : 'POST' } = given;
    const response = await fetch(gateway.demo.baseUrl + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(cookie === undefined ? {} : { Cookie: cookie, Origin: gateway.demo.baseUrl, 'X-Vyplata-Request': '1' }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...given.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const json = (isJson ? JSON.parse(bytes.toString()) : {}) as Record<string, unknown>;
    return { status: response.status, bytes, json };
  }

  /** Asks, and looks at the answer later. */
  async function look(path: string, given: Ask = {}): Promise<Asked> {
    const asked = await ask(path, given);
    answers.set(`${given.method ?? 'GET'} ${path} (${answers.size})`, asked.bytes);
    return asked;
  }

  function plant(name: string, text: unknown): string {
    assert.ok(typeof text === 'string' && text.length >= 8, `${name} was not shown`);
    plants.push({ name, text });
    return text;
  }

  let operatorToken = '';
  let personToken = '';
  let merchantId = 0;
  const ids: Record<string, string> = {};

  async function signIn(prefix: string, body: object): Promise<string> {
    const response = await fetch(`${gateway.demo.baseUrl}${prefix}/sessions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: gateway.demo.baseUrl },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 201, await response.clone().text());
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    plant('a session', cookie.split('=')[1]);
    return cookie;
  }

  test('operators and merchants’ people set up everything that has a secret', async () => {
    const { operator } = gateway.demo;
    const demoCookie = await signIn('/operator/v1', operator);
    const merchants = await ask('/operator/v1/merchants', { cookie: demoCookie });
    merchantId = (merchants.json['items'] as { id: number }[])[0]?.id ?? 0;
    const user = { login: 'planted', password, role: 'owner' };
    assert.equal((await look('/operator/v1/users', { cookie: demoCookie, body: user })).status, 201);
    const cookie = await signIn('/operator/v1', { login: 'planted', password });
    const token = await ask('/operator/v1/tokens', { cookie, body: { label: 'planted', days: 1 } });
    operatorToken = plant('a token', token.json['secret']);
    const totp = await ask('/operator/v1/totp', { cookie, body: { current_password: password } });
    const secret = plant('a generator’s secret', totp.json['secret']);
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const confirmed = await ask('/operator/v1/totp/confirm', { cookie, body: { code } });
    for (const one of confirmed.json['recovery_codes'] as string[]) plant('a recovery code', one);
    await look('/operator/v1/sessions', { body: { login: 'planted', password: `${password} wrong` } });

    const base = `/operator/v1/merchants/${merchantId}`;
    const made = await ask(`${base}/keys/generate`, { token: operatorToken, body: {} });
    const archive = readKeyArchive(Buffer.from(String(made.json['archive']), 'base64'));
    plant('the password of a key archive', archive.password);
    plantPem('an encrypted private key', archive.privatePem);
    plantPem('a private key in plain', archive.key.export({ type: 'pkcs1', format: 'pem' }).toString());
    const endpoint = { url: 'http://127.0.0.1:9/planted', endpoint_id: 77, subscribed: true };
    const opened = await ask(`${base}/endpoints`, { token: operatorToken, body: endpoint });
    plant('the secret of an endpoint', opened.json['secret']);
    for (const path of ['webhook-secret/reveal', 'endpoints/77/secret/rotate', 'webhook-secret/rotate']) {
      const shown = await ask(`${base}/${path}`, { token: operatorToken, body: {} });
      plant(path, shown.json['secret']);
    }
    await look(`${base}/endpoints/77/test`, { token: operatorToken, body: {} });
    const leaked = { public_pem: archive.privatePem };
    assert.equal((await look(`${base}/keys`, { token: operatorToken, body: leaked })).status, 400);

    const invited = await ask(`${base}/users`, { token: operatorToken, body: { login: 'planted person' } });
    const invitation = plant('an invitation', invited.json['secret']);
    const accept = { secret: invitation, password: personPassword };
    assert.equal((await look('/merchant/v1/invitations/accept', { body: accept })).status, 200);
    await look('/merchant/v1/invitations/accept', { body: accept });
    const personCookie = await signIn('/merchant/v1', { login: 'planted person', password: personPassword });
    const own = await ask('/merchant/v1/tokens', { cookie: personCookie, body: { label: 'planted', days: 1 } });
    personToken = plant('a token of a person', own.json['secret']);
    const key = await ask('/merchant/v1/keys/generate', {
      token: personToken,
      body: { current_password: personPassword },
    });
    const ownArchive = readKeyArchive(Buffer.from(String(key.json['archive']), 'base64'));
    plant('the password of an own archive', ownArchive.password);
    plantPem('an own private key', ownArchive.privatePem);
  });

  /** A line from the middle, which is nothing but the key. */
  function plantPem(name: string, pem: string): void {
    const lines = pem
      .trim()
      .split('\n')
      .filter((line) => /^[A-Za-z0-9+/]{60,}$/.test(line));
    plant(name, lines[Math.floor(lines.length / 2)]);
  }

  const order = (given: object) => ({ amount: '12.00', ...person, ...given });
  const orders = [
    order({ order_id: 'p-phone', number: phone, service: 'qiwi_rub', notification_endpoint_id: 5 }),
    order({ order_id: 'p-card', number: card.replace(/(?=(?:.{4})+$)/g, ' ').trim(), service: 'payment_card_rub' }),
    order({ order_id: 'p-account', number: bankAccount, service: 'bank_account_rub', customer_code: bic }),
    order({ order_id: 'p-sbp', number: phone, service: 'payment_card_sbp_rub', customer_code: '100000000004' }),
  ];
  const euroOrders = [
    order({
      order_id: 'p-euro',
      number: euroCard,
      service: 'payment_card_eur',
      extra,
      project_url: 'https://a.example',
    }),
    order({ order_id: 'p-iban', number: iban, service: 'bank_account_eur', extra }),
  ];

  test('merchants’ programs order, repeat, ask and are refused in every way', async () => {
    const euro = await openMerchant(gateway, gateway.demo.accounts[1]?.id ?? '');
    const stranger = merchantWith(gateway, {
      account: merchant.account,
      key: createPrivateKey(
        await readFile(join(import.meta.dirname, '../../../sdk/test/vectors/notification/private.pem')),
      ),
    });
    for (const [by, list] of [
      [merchant, orders],
      [euro, euroOrders],
    ] as const) {
      for (const body of list) {
        for (const given of [body, body, { ...body, amount: '13.00' }]) {
          const answer = await by.post('/v1/payout', given);
          answers.set(`order ${body['order_id' as keyof typeof body]} (${answers.size})`, Buffer.from(answer.text));
          if (given === body) assert.equal(answer.status, 200, answer.text);
        }
        const final = await by.waitFinal({ order_id: body['order_id' as keyof typeof body] });
        answers.set(`status (${answers.size})`, Buffer.from(JSON.stringify(final)));
      }
    }
    const wrong = [
      { ...orders[1], number: card.replace(/.$/, '1'), order_id: 'w-1' },
      { ...orders[1], number: `${card}x`, order_id: 'w-2' },
      { ...orders[1], service: card, order_id: 'w-3' },
      { ...orders[1], amount: card, order_id: 'w-4' },
      { ...orders[1], notification_endpoint_id: card, order_id: 'w-5' },
      { ...orders[1], notification_endpoint_url: `https://${phone}@shop.example`, order_id: 'w-6' },
      { ...orders[1], extra: { [card]: 'x'.repeat(300), [`${iban} `]: 'x'.repeat(300) }, order_id: 'w-7' },
      { ...orders[1], customer_email: person.customer_last_name, customer_country: iban, order_id: 'w-8' },
      { [card]: 1 },
      `{"number":"${card}","number":"${card}"}`,
      `{"number":"${card}`,
      `["${iban}"]`,
    ];
    for (const body of wrong) {
      const answer = await merchant.post('/v1/payout', body);
      assert.equal(answer.status, 400, answer.text);
      answers.set(`refused order (${answers.size})`, Buffer.from(answer.text));
    }
    for (const by of [stranger, merchant]) {
      const status = await by.post('/v1/payout/status', { id: card });
      answers.set(`status of a number (${answers.size})`, Buffer.from(status.text));
    }
    await look(`/v1/payout?number=${card}`, { body: orders[1] });
    await look(`/v1/${card}`, {});
    await look('/v1/payout', { body: `number=${card}`, headers: { 'Content-Type': 'text/plain' } });
    await look('/v1/payout', { body: orders[1], headers: { Account: iban, Sign: card } });
  });

  test('an accept that fails in the database tells nobody about whom it was', async () => {
    const client = await openClient(connectionTo(join(gateway.dataDir, 'socket'), 'vyplata'));
    await client.query('alter table payout add constraint planted check (amount_minor <> 777) not valid');
    const answer = await merchant.post('/v1/payout', { ...orders[1], amount: '7.77', order_id: 'p-broken' });
    assert.equal(answer.status, 503, answer.text);
    answers.set('a broken accept', Buffer.from(answer.text));
    await client.query('alter table payout drop constraint planted');
    await client.end();
  });

  test('people order by the form, search by whole numbers and explain signatures', async () => {
    const form = {
      account_id: merchant.account,
      order_id: 'p-form',
      amount: '5.00',
      number: card,
      service: 'payment_card_rub',
    };
    for (const path of ['/payouts/preflight', '/payouts', '/payouts']) {
      assert.equal(
        (await look(`/merchant/v1${path}`, { token: personToken, body: { ...form, ...person } })).status,
        200,
      );
    }
    await look('/merchant/v1/payouts', { token: personToken, body: { ...form, number: iban, order_id: 'p-form-2' } });
    await look('/merchant/v1/payouts', { token: personToken, body: { ...form, [card]: card } });
    for (const recipient of [card, phone, iban, bankAccount]) {
      const found = await look('/operator/v1/payouts/search', { token: operatorToken, body: { recipient } });
      assert.ok((found.json['items'] as unknown[]).length > 0, recipient);
      await look('/merchant/v1/payouts/search', { token: personToken, body: { recipient } });
    }
    const body = Buffer.from(JSON.stringify(orders[1])).toString('base64');
    await look('/merchant/v1/signature/explain', { token: personToken, body: { body, sign: card } });
    await look(`/operator/v1/payouts?recipient=${card}`, { token: operatorToken });
    await look(`/operator/v1/payouts/${card}`, { token: operatorToken });
    await look('/operator/v1/payouts/search', { token: operatorToken, body: { recipient: [card] } });
    const cancel = await look(`/operator/v1/payouts/${card}/cancel`, { token: operatorToken, body: { reason: 'x' } });
    assert.equal(cancel.status, 404);
  });

  test('every read of both tables is asked, with ids that exist', async () => {
    const payouts = await look('/operator/v1/payouts', { token: operatorToken });
    const payoutId = String((payouts.json['items'] as { id: number }[])[0]?.id);
    const history = await look(`/operator/v1/payouts/${payoutId}`, { token: operatorToken });
    const told = await look('/merchant/v1/notifications', { token: personToken });
    const notifications = told.json['items'] as { id: number }[];
    assert.ok(notifications.length > 0 && (history.json['transitions'] as unknown[]).length > 0);
    Object.assign(ids, {
      merchant_id: String(merchantId),
      account_id: merchant.account,
      payout_id: payoutId,
      notification_id: String(notifications[0]?.id),
      service_code: 'qiwi_rub',
    });
    let read = 0;
    for (const [prefix, token, routes] of [
      ['/operator/v1', operatorToken, operatorRoutes],
      ['/merchant/v1', personToken, cabinetRoutes],
    ] as const) {
      for (const route of routes.filter(({ method }) => method === 'GET')) {
        const path = prefix + route.path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '1');
        const { status } = await look(path + (neededQueries[route.name] ?? ''), { token });
        assert.equal(status, 200, `${route.name}: ${status}`);
        read += 1;
        if (route.query?.shape['format'] === undefined) continue;
        const book = await ask(`${path}?format=xlsx`, { token });
        for (const [name, content] of Object.entries(unzipSync(book.bytes))) {
          answers.set(`${path} ${name}`, Buffer.from(content));
        }
      }
    }
    assert.ok(read > 40, `only ${read} were read`);
    for (const path of ['/console/', '/console/payouts', '/openapi.json', '/health/ready', '/', '/nothing']) {
      await look(path);
    }
  });

  test('no answer holds a plant, in whatever form', () => {
    assert.ok(answers.size > 120, `only ${answers.size} answers`);
    for (const [place, bytes] of answers) errors.push(...findIn(place, bytes, toNeedles(plants)));
    assert.deepEqual(errors, []);
  });

  test('no row of any table holds a plant, in whatever form', async () => {
    const dumped = await dumpTables(join(gateway.dataDir, 'socket'), 'vyplata');
    assert.ok(dumped.size > 30 && (dumped.get('payout')?.length ?? 0) > 1_000);
    const needles = toNeedles(plants);
    const found = [...dumped].flatMap(([table, text]) => findIn(`table ${table}`, text, needles));
    assert.deepEqual(found, []);
    // The search itself sees what is there: the demo's own key is public, and masks are shown.
    assert.ok(dumped.get('payout')?.includes(`${card.slice(0, 6)}******${card.slice(-4)}`));
    assert.deepEqual(findIn('x', Buffer.from(`a${card}`).toString('base64'), needles).length > 0, true);
  });

  test('no log, no notification and no Book holds one', async () => {
    const needles = toNeedles(plants);
    const output = gateway.output();
    assert.ok(output.includes('planted'), 'the failed accept was logged');
    const found = findIn('what the gateway printed', output, needles);
    let logBytes = 0;
    for (const folder of ['logs', 'sandbox']) {
      for await (const [path, content] of readFiles(join(gateway.dataDir, folder), () => false)) {
        if (folder === 'logs') logBytes += content.length;
        found.push(...findIn(`${folder}/${path}`, content, needles));
      }
    }
    const told = await readFile(join(gateway.dataDir, 'demo', 'notifications.ndjson'));
    assert.ok(told.includes('p-phone') && output.includes('payout.attempt'));
    const traces = collector.received.map(({ body }) => body).join('\n');
    found.push(...findIn('the notifications', told, needles), ...findIn('the traces', traces, needles));
    assert.deepEqual(found, []);
    assert.ok(traces.includes('notification.deliver'));
    assert.ok(logBytes > 100_000, `PostgreSQL logged only ${logBytes} bytes`);
  });

  test('no file of the data folder holds one, the files of the database and its log of changes included', async () => {
    const plain = toNeedles(plants).filter(({ form }) => form === 'as it is');
    // What belongs there: the demo's own files, the master key, and the text of the program that the database keeps.
    const isLeftOut = (path: string): boolean => /^(?:demo\/|master\.key$|lib\/|socket\/)/.test(path);
    const found: string[] = [];
    let files = 0;
    for await (const [path, content] of readFiles(gateway.dataDir, isLeftOut)) {
      files += 1;
      found.push(...findIn(path, content, plain));
    }
    assert.deepEqual(found, []);
    assert.ok(files > 500, `only ${files} files`);
    const masterKey = await readFile(join(gateway.dataDir, 'master.key'), 'utf8');
    const dumped = await dumpTables(join(gateway.dataDir, 'socket'), 'vyplata');
    const key = Buffer.from(masterKey.trim(), 'base64');
    for (const [table, text] of dumped) {
      assert.ok(!text.includes(masterKey.trim()) && !text.includes(key.toString('hex')), table);
    }
    assert.ok(!gateway.output().includes(masterKey.trim()));
  });

  test('what is planted on purpose is found in every form', async () => {
    const canary = { name: 'canary', text: 'Canary-Канарейка-417' };
    const client = await openClient(connectionTo(join(gateway.dataDir, 'socket'), 'vyplata'));
    await client.query(
      `create table canary as select $1::text as plain, convert_to($1, 'UTF8') as bytes,
         encode(convert_to('xy' || $1, 'UTF8'), 'base64') as encoded`,
      [canary.text],
    );
    await client.query('checkpoint');
    await client.end();
    const text = (await dumpTables(join(gateway.dataDir, 'socket'), 'vyplata')).get('canary') ?? '';
    const found = findIn('canary', text.replaceAll('\n', ''), toNeedles([canary])).map(
      (line) => /\((.*?)\)/.exec(line)?.[1] ?? '',
    );
    assert.deepEqual(found.toSorted(), ['as it is', 'base64, 2', 'hex']);
    const files: string[] = [];
    for await (const [path, content] of readFiles(join(gateway.dataDir, 'postgres'), () => false)) {
      if (content.includes(canary.text)) files.push(path.split('/')[0] ?? '');
    }
    assert.ok(files.includes('base') && files.includes('pg_wal'), `found in ${files.join(', ')}`);
  });
});
