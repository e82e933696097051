import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeUntrusted } from './certificate.ts';
import * as net from './receiver.ts';
import { run } from './run-cli.ts';
import { parseJson } from './vectors.ts';

const vectors = fileURLToPath(new URL('vectors', import.meta.url));
const account = '93d5df06-996c-48c3-9847-348d6b580b80';
const folder = await mkdtemp(join(tmpdir(), 'vyplata-doctor-'));
after(() => rm(folder, { recursive: true }));

const balance = { currency: 'RUB', balance: '93.84000000' };
const payouts = [{ method: 'wallet', currency: 'RUB', service_code: 'qiwi_rub', status: 'active' }];
const info = { is_allowed_payment: false, is_allowed_payout: true, payments: [], payouts };

type Answers = { balance?: net.Step; info?: net.Step };

/** A gateway that answers both calls of the doctor. */
function startGateway(answers: Answers = {}) {
  return net.startServer(({ path }) => {
    if (path.endsWith('/info')) return answers.info ?? net.reply(200, info);
    return answers.balance ?? net.reply(200, balance);
  });
}

/** A certificate folder like the one that a merchant unpacks, to be spoiled by a test. */
async function makeCert(name: string): Promise<string> {
  const cert = join(folder, name);
  await cp(join(vectors, 'payout'), cert, { recursive: true });
  await chmod(join(cert, 'private.pem'), 0o600);
  return cert;
}

type Plan = { url: string; account?: string; cert: string; args?: string[]; language?: string };

async function examine({ url, cert, args = [], language = 'C', ...given }: Plan) {
  const env = { VYPLATA_URL: url, VYPLATA_ACCOUNT: given.account ?? account, VYPLATA_CERT_DIR: cert, LANG: language };
  const { code, out, err } = await run(['doctor', '--json', ...args], { env });
  assert.equal(err, '');
  const { isHealthy, checks } = parseJson(out) as { isHealthy: boolean; checks: Record<string, string>[] };
  assert.equal(code, isHealthy ? 0 : 1);
  const wrong = checks.filter(({ state }) => state !== 'ok');
  return { isHealthy, checks, wrong, first: wrong[0] ?? {} };
}

type Fault = { fault: string; code: string; cure: RegExp; plant: () => Promise<Plan> | Plan };

describe('each planted fault is found, and its cure named', () => {
  const gateways: { [Symbol.asyncDispose](): Promise<void> }[] = [];
  after(() => Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]())));
  const start = async (answers: Answers = {}): Promise<string> => {
    const gateway = await startGateway(answers);
    gateways.push(gateway);
    return gateway.url;
  };
  const weakKey = async (cert: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'short' } as const;
    await writeFile(join(cert, 'private.pem'), privateKey.export({ type: 'pkcs1', format: 'pem', ...cipher }));
    await writeFile(join(cert, 'password.txt'), 'short');
    await writeFile(join(cert, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    return cert;
  };
  const faults: Fault[] = [
    {
      fault: 'a password that belongs to another key',
      code: 'key_unusable',
      cure: /password\.txt and private\.pem of one archive/,
      async plant() {
        const cert = await makeCert('password');
        await writeFile(join(cert, 'password.txt'), 'wrong');
        return { url: await start(), cert };
      },
    },
    {
      fault: 'no key in the folder',
      code: 'key_file_missing',
      cure: /Unpack the key archive/,
      plant: async () => ({ url: await start(), cert: join(folder, 'nothing') }),
    },
    {
      fault: 'public.pem of another pair',
      code: 'key_pair_mixed',
      cure: /three files of one archive/,
      async plant() {
        const cert = await makeCert('mixed');
        await cp(join(vectors, 'notification/public.pem'), join(cert, 'public.pem'));
        return { url: await start(), cert };
      },
    },
    {
      fault: 'a key of 1024 bits',
      code: 'key_weak',
      cure: /vyplata keys generate/,
      plant: async () => ({ url: await start(), cert: await weakKey(await makeCert('weak')) }),
    },
    {
      fault: 'an account that is no UUID',
      code: 'account_not_uuid',
      cure: /Copy the account from the console/,
      plant: async () => ({ url: await start(), cert: await makeCert('uuid'), account: '12345' }),
    },
    {
      fault: 'an address with a query in it',
      code: 'url_wrong',
      cure: /scheme and host only/,
      plant: async () => ({ url: `${await start()}/?x=1`, cert: await makeCert('address') }),
    },
    {
      fault: 'nobody listens',
      code: 'connection_refused',
      cure: /Start the gateway/,
      async plant() {
        await using gone = await startGateway();
        return { url: gone.url, cert: await makeCert('refused') };
      },
    },
    {
      fault: 'a host that does not exist',
      code: 'host_unknown',
      cure: /typing mistake/,
      plant: async () => ({ url: 'https://no-such-host.invalid', cert: await makeCert('host') }),
    },
    {
      fault: 'something else answers',
      code: 'not_the_api',
      cure: /host, port and path/,
      plant: async () => ({ url: await start({ balance: net.reply(200, '<html>') }), cert: await makeCert('html') }),
    },
    {
      fault: 'an address that redirects',
      code: 'redirected',
      cure: /--url https:\/\/pay\.example\.com/,
      async plant() {
        const moved = net.reply(301, '', { location: 'https://pay.example.com/v1/account/balance' });
        return { url: await start({ balance: moved }), cert: await makeCert('moved') };
      },
    },
    {
      fault: 'no answer at all',
      code: 'timeout',
      cure: /firewall/,
      async plant() {
        return { url: await start({ balance: net.hang }), cert: await makeCert('silent'), args: ['--timeout', '0.3'] };
      },
    },
    {
      fault: 'a clock that is wrong by an hour',
      code: 'clock_off',
      cure: /time synchronisation/,
      async plant() {
        const date = new Date(Date.now() - 3_600_000).toUTCString();
        return { url: await start({ balance: net.reply(200, balance, { date }) }), cert: await makeCert('clock') };
      },
    },
    {
      fault: 'a key that the gateway does not know',
      code: 'sign_refused',
      cure: /Upload public\.pem .* fingerprint [0-9a-f]{16}/,
      async plant() {
        const refused = net.reply(400, net.refusal({ sign: ['The signature is wrong.'] }));
        return { url: await start({ balance: refused }), cert: await makeCert('unknown-key') };
      },
    },
    {
      fault: "another merchant's account",
      code: 'account_refused',
      cure: /belong to the merchant whose key signs/,
      async plant() {
        const refused = net.reply(400, net.refusal({ account: ['Unknown account.'] }));
        return { url: await start({ balance: refused }), cert: await makeCert('foreign') };
      },
    },
    {
      fault: 'an account that may not pay out',
      code: 'payouts_not_allowed',
      cure: /allow payouts/,
      async plant() {
        const forbidden = net.reply(200, { ...info, is_allowed_payout: false });
        return { url: await start({ info: forbidden }), cert: await makeCert('forbidden') };
      },
    },
    {
      fault: 'no service',
      code: 'no_service',
      cure: /enable the services/,
      async plant() {
        const bare = net.reply(200, { ...info, payouts: [] });
        return { url: await start({ info: bare }), cert: await makeCert('bare') };
      },
    },
    {
      fault: 'the own public key in place of the one for notifications',
      code: 'notification_key_own',
      cure: /public\.pem of the notifications certificate/,
      async plant() {
        const cert = await makeCert('own');
        return { url: await start(), cert, args: ['--notification-key', join(cert, 'public.pem')] };
      },
    },
  ];
  for (const { fault, code, cure, plant } of faults) {
    test(fault, async () => {
      const { isHealthy, wrong, first } = await examine(await plant());
      assert.equal(isHealthy, false);
      assert.deepEqual(
        wrong.map((finding) => finding.code),
        [code],
      );
      assert.match(first.cure ?? '', cure);
    });
  }
});

test('a TLS certificate that nobody vouches for', async () => {
  const server = createServer(await makeUntrusted(folder));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const { first } = await examine({ url, cert: await makeCert('tls') });
  server.close();
  assert.equal(first.code, 'tls_untrusted');
  assert.match(first.cure ?? '', /Never switch verification off.*NODE_EXTRA_CA_CERTS/);
});

test('settings that are missing are named all at once, in the language of the person', async () => {
  const { code, out } = await run(['doctor'], { env: { LANG: 'ru_RU.UTF-8' } });
  assert.equal(code, 1);
  assert.match(out, /не задано: --url .*--account .*--cert-dir[\s\S]*→ Задайте/);
});

test('a set-up that is right passes; what is only unwise is said and does not fail', async () => {
  await using gateway = await startGateway();
  const cert = await makeCert('good');
  const healthy = await examine({ url: gateway.url, cert });
  assert.deepEqual([healthy.isHealthy, healthy.wrong], [true, []]);
  const checked = healthy.checks.map(({ check }) => check);
  assert.deepEqual(checked, ['settings', 'key', 'connection', 'clock', 'signature', 'rights', 'balance']);
  await chmod(join(cert, 'private.pem'), 0o644);
  await using poor = await startGateway({ balance: net.reply(200, { balance: '0.00000000' }) });
  const unwise = await examine({ url: poor.url, cert });
  assert.equal(unwise.isHealthy, true);
  assert.deepEqual(
    unwise.wrong.map(({ code }) => code),
    ['key_open_to_others', 'balance_empty'],
  );
});

test('nothing of the key is printed', async () => {
  await using gateway = await startGateway();
  const cert = await makeCert('secret');
  await mkdir(join(folder, 'out'));
  const env = { VYPLATA_URL: gateway.url, VYPLATA_ACCOUNT: account, VYPLATA_CERT_DIR: cert };
  const { out, err } = await run(['doctor'], { env });
  const secrets = [await readFile(join(cert, 'password.txt'), 'utf8'), '-----BEGIN'];
  for (const secret of secrets) assert.ok(!`${out}${err}`.includes(secret.trim()));
});
