import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { examineAll, type Installation, type Machine, refuseUnsafe } from '../../src/findings/examine.ts';
import { examineFolder, examineMetrics, examineProxies, examineThreads } from '../../src/findings/examine-machine.ts';
import { type Finding, wordFinding } from '../../src/findings/finding.ts';
import { texts } from '../../src/findings/texts.ts';
import { mountDisk } from '../faults/disk.ts';
import { openSite, type Site } from '../faults/site.ts';
import { startPooler } from './pooler.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const forbidSha1 = new URL('forbid-sha1.mjs', import.meta.url).href;
const masterKey = Buffer.alloc(32, 3).toString('base64');
/** They depend on the machine that the tests run on. */
const ofTheMachine = new Set(['disk_low', 'files_few']);

let site: Site;
let folder = '';
let url = '';

before(async () => {
  const opened = await openSite();
  assert.ok(opened !== undefined);
  site = opened;
  await site.openShop('http://127.0.0.1:9/');
  folder = await mkdtemp(join(tmpdir(), 'vyplata-findings-'));
  await plant('create role gateway login');
  await plant('grant all on all tables in schema public to gateway');
  url = `postgres://gateway@localhost/vyplata?host=${encodeURIComponent(site.socketFolder)}`;
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
  await site.close();
});

async function plant(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await site.db().query(statement);
}

const installation = (over: Partial<Installation> = {}): Installation => ({
  connection: { url },
  isEmbedded: false,
  hostCount: 1,
  namedStatements: true,
  migrationsFolder: fileURLToPath(new URL('../../migrations', import.meta.url)),
  masterKey: { value: masterKey, file: undefined, ownFile: undefined },
  retiredKeys: [],
  trustedProxies: [],
  ...over,
});

const machine = (over: Partial<Machine> = {}): Machine => ({
  dataDir: folder,
  publicUrl: undefined,
  metricsHost: undefined,
  threads: 1_024,
  ...over,
});

/** What is not fine, as `level code`. */
async function complaints(found: Promise<readonly Finding[]>): Promise<string[]> {
  const bad = (await found).filter(({ level, code }) => level !== 'fine' && !ofTheMachine.has(code));
  return bad.map(({ level, code }) => `${level} ${code}`);
}

const examined = (over: Partial<Installation> = {}): Promise<string[]> =>
  complaints(examineAll(installation(over), machine()));

/** Plants a fault in the database, looks, and takes it away. */
async function examinedWith(statements: readonly string[], undo: readonly string[]): Promise<string[]> {
  await plant(...statements);
  try {
    return await examined();
  } finally {
    await plant(...undo);
  }
}

/** The server takes a setting a moment after it was asked to. */
async function setForServer(name: string, value: 'on' | 'off'): Promise<void> {
  await plant(`alter system set ${name} = ${value}`, 'select pg_reload_conf()');
  for (;;) {
    const [row] = await site.db().query<{ value: string }>(`select current_setting('${name}') as value`);
    if (row?.value === value) return;
  }
}

type Ended = { readonly code: number | null; readonly said: string };

async function runGateway(words: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const base = { DATABASE_URL: url, MASTER_KEY: masterKey, DATA_DIR: folder, LANG: 'C', UV_THREADPOOL_SIZE: '64' };
  const child = spawn(process.execPath, [main, ...words], { env: { ...process.env, ...base, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

const slowClock = `create function public.clock_timestamp() returns timestamptz language sql volatile as
  $$ select pg_catalog.clock_timestamp() - interval '5 seconds' $$`;
/** The function of the schema comes before the server's own. */
const plantClock = [slowClock, 'alter role gateway set search_path = public, pg_catalog'];
const undoClock = ['drop function public.clock_timestamp()', 'alter role gateway reset search_path'];

describe('the doctor', () => {
  it('has nothing to say about a sound installation', async () => {
    assert.deepEqual(await examined(), []);
    await refuseUnsafe(installation());
  });

  it('finds a server that confirms what is not safe', async () => {
    for (const name of ['fsync', 'full_page_writes'] as const) {
      await setForServer(name, 'off');
      const found = await examined();
      await setForServer(name, 'on');
      assert.deepEqual(found, [`refuse ${name}_off`]);
    }
    const off = await examinedWith(
      ['alter role gateway set synchronous_commit = off'],
      ['alter role gateway reset synchronous_commit'],
    );
    assert.deepEqual(off, ['refuse synchronous_commit_off']);
    // Local is the same as on where there is no standby.
    const local = await examinedWith(
      ['alter role gateway set synchronous_commit = local'],
      ['alter role gateway reset synchronous_commit'],
    );
    assert.deepEqual(local, []);
    assert.deepEqual(await examined(), []);
  });

  it('finds several servers without a synchronous standby, and says what it cannot see', async () => {
    assert.deepEqual(await examined({ hostCount: 2 }), ['warn standby_missing']);
    const fine = wordFinding({ level: 'fine', code: 'standby_fine', values: { names: 'ANY 1 (two)' } }, 'en');
    assert.match(fine.found, /wait for ANY 1 \(two\); whether Patroni is strict.*cannot be seen/);
  });

  it('finds a superuser, except where the gateway made the database', async () => {
    const superuser = { url: url.replace('gateway@', 'vyplata@') };
    assert.deepEqual(await examined({ connection: superuser }), ['warn role_superuser']);
    assert.deepEqual(await examined({ connection: superuser, isEmbedded: true }), []);
  });

  it('finds a clock that is off, and no time zone', async () => {
    assert.deepEqual(await examinedWith(plantClock, undoClock), ['refuse clock_off']);
    const zone = await examinedWith(
      [`alter role gateway set timezone = 'Asia/Tokyo'`],
      ['alter role gateway reset timezone'],
    );
    assert.deepEqual(zone, []);
  });

  it('finds a schema that is behind, ahead or edited', async () => {
    const [last] = await site.db().query<{ number: number }>('select max(number) as number from migration');
    const shift = `update migration set number = number + 1000 where number = ${last?.number}`;
    const back = 'update migration set number = number - 1000 where number > 1000';
    assert.deepEqual(await examinedWith([shift], [back]), ['refuse schema_behind']);
    const future = `insert into migration (number, name, checksum, breaking) values (999, '0999-x.sql', '', `;
    const undo = ['delete from migration where number = 999'];
    assert.deepEqual(await examinedWith([`${future} true)`], undo), ['refuse schema_unfit']);
    assert.deepEqual(await examinedWith([`${future} false)`], undo), []);
    const edited = `update migration set checksum = checksum || 'x' where number = 1`;
    const repaired = `update migration set checksum = left(checksum, 64) where number = 1`;
    assert.deepEqual(await examinedWith([edited], [repaired]), ['refuse schema_unfit']);
  });

  it('finds a pooler that loses named statements, and lets one be that is told about', async () => {
    const pooler = await startPooler(site.realSocket, 'gateway', 'vyplata');
    const connection = { url: `postgres://gateway@127.0.0.1:${pooler.port}/vyplata` };
    try {
      assert.deepEqual(await examined({ connection }), ['refuse pooler_named']);
      assert.deepEqual(await examined({ connection, namedStatements: false }), []);
    } finally {
      await pooler.close();
    }
  });

  it('finds a master key that is missing, wrong or open to everybody', async () => {
    const source = { value: undefined, file: undefined, ownFile: undefined };
    assert.deepEqual(await examined({ masterKey: source }), ['refuse master_key_missing']);
    const wrong = Buffer.alloc(32, 4);
    const other = { ...source, value: wrong.toString('base64') };
    assert.deepEqual(await examined({ masterKey: other }), ['refuse master_key_wrong']);
    assert.deepEqual(await examined({ masterKey: other, retiredKeys: [Buffer.alloc(32, 3)] }), []);
    const file = join(folder, 'given.key');
    await writeFile(file, masterKey, { mode: 0o600 });
    assert.deepEqual(await examined({ masterKey: { ...source, file } }), []);
    await chmod(file, 0o644);
    assert.deepEqual(await examined({ masterKey: { ...source, file } }), ['warn master_key_open']);
    // The gateway's own key beside a database that was sealed with another one, now lost.
    const ownFile = join(folder, 'master.key');
    assert.deepEqual(await examined({ masterKey: { ...source, ownFile } }), ['refuse master_key_missing']);
  });

  it('finds weak keys', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
    const [merchant] = site.shops;
    const found = await examinedWith(
      [
        `insert into merchant_key (merchant_id, fingerprint, public_pem, digest_rule)
         values (${merchant?.merchantId}, repeat('a', 64), '${String(weak)}', 'sha1')`,
      ],
      [`delete from merchant_key where fingerprint = repeat('a', 64)`],
    );
    assert.deepEqual(found, ['warn key_weak_orders']);
  });

  it('finds an open data folder, a full disk, few threads, wrong proxies and public figures', async (context) => {
    const open = join(folder, 'open');
    await mkdir(open);
    await chmod(open, 0o755);
    assert.deepEqual(await complaints(examineFolder(open)), ['warn folder_open']);
    assert.deepEqual(await complaints(examineFolder(join(folder, 'none'))), []);
    const levels = (found: readonly Finding[]): string[] => found.map(({ level, code }) => `${level} ${code}`);
    assert.deepEqual(levels([examineThreads(undefined, 16), examineThreads(16, 16), examineThreads(undefined, 2)]), [
      'warn threads_few',
      'fine threads_fine',
      'fine threads_fine',
    ]);
    const https = 'https://pay.example.com';
    assert.deepEqual(levels(examineProxies(['10.0.0.1', '10.1.0.0/16', 'loopback'], https)), ['fine proxies_fine']);
    assert.deepEqual(levels(examineProxies([], https)), ['warn proxies_missing']);
    assert.deepEqual(levels(examineProxies([], 'http://127.0.0.1')), ['fine proxies_fine']);
    assert.deepEqual(levels(examineProxies(['0.0.0.0/0'], https)), ['warn proxies_wide']);
    assert.deepEqual(levels(examineProxies(['true'], https)), ['refuse proxies_unusable']);
    for (const host of ['0.0.0.0', '::', '203.0.113.7', 'figures.example.com']) {
      assert.equal(examineMetrics(host).code, 'metrics_public', host);
    }
    for (const host of ['127.0.0.1', '::1', 'localhost', '10.2.3.4', 'fd00::1']) {
      assert.equal(examineMetrics(host).code, 'metrics_fine', host);
    }
    const disk = await mountDisk(join(folder, 'disk'), 8);
    if (disk === undefined) return context.diagnostic('nothing may be mounted here');
    const found = await examineFolder(disk.folder);
    disk.remove();
    assert.ok(found.some(({ code }) => code === 'disk_low'));
  });

  it('says it of a real process, in two languages, with the exit code', async () => {
    const fine = await runGateway(['doctor', '--json']);
    assert.equal(fine.code, 0, fine.said);
    const checks = (JSON.parse(fine.said) as { checks: Finding[] }).checks;
    assert.ok(checks.length > 12);
    const russian = await runGateway(['doctor', '--lang', 'ru'], {
      MASTER_KEY: Buffer.alloc(32, 9).toString('base64'),
    });
    assert.equal(russian.code, 1);
    assert.match(russian.said, /✗ главный ключ не открывает то, что хранит эта база[^]*→ Используйте ключ/);
    assert.match(russian.said, /В таком виде шлюз откажется запускаться/);
    const away = await runGateway(['doctor'], { DATABASE_URL: 'postgres://gateway@127.0.0.1:9/vyplata' });
    assert.equal(away.code, 1);
    assert.match(away.said, /✗ the database cannot be reached: .*\n {2}→ Start it, or correct DATABASE_URL/);
    const strange = await runGateway(['doctor', '--lang', 'fr']);
    assert.equal(strange.code, 1);
    assert.match(strange.said, /doctor knows no --lang/);
    const few = spawn('sh', ['-c', 'ulimit -n 1024; exec "$0" "$1" doctor --json', process.execPath, main], {
      env: { ...process.env, DATABASE_URL: '', DATA_DIR: join(folder, 'none') },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const said = await few.stdout.setEncoding('utf8').toArray();
    assert.match(said.join(''), /"level":"warn","code":"files_few"/);
  });

  it('is heeded at the start: unsafe processes do not work', async () => {
    const refused = async (says: RegExp, env: Record<string, string> = {}, command = 'work'): Promise<void> => {
      const { code, said } = await runGateway([command], env);
      assert.equal(code, 1, said);
      assert.match(said, says);
    };
    await setForServer('fsync', 'off');
    await refused(/It is not safe to start: fsync is off: .*Set fsync = on/);
    await setForServer('fsync', 'on');
    await plant(...plantClock);
    await refused(/not safe to start: this machine's clock and the database's are 5 s apart/, {}, 'serve');
    await plant(...undoClock);
    await refused(/the master key does not open what this database holds/, {
      MASTER_KEY: Buffer.alloc(32, 9).toString('base64'),
    });
    await refused(/RSA signatures with SHA-1.*switched off here: .*invalid digest/, {
      NODE_OPTIONS: `--import=${forbidSha1}`,
    });
    const doctor = await runGateway(['doctor'], { NODE_OPTIONS: `--import=${forbidSha1}` });
    assert.equal(doctor.code, 1);
    assert.match(doctor.said, /✗ RSA signatures with SHA-1/);
  });

  it('has a cure for everything that is not fine, in both languages', () => {
    for (const [code, text] of Object.entries(texts)) {
      const places = (words: readonly string[]): string[] =>
        [...new Set([...words.join(' ').matchAll(/\{\w+\}/g)].map(([place]) => place))].sort();
      assert.deepEqual(places(text.en), places(text.ru), code);
      assert.equal(text.en.length, text.ru.length, code);
      const isFine = text.en.length === 1;
      assert.equal(isFine, /fine|durable|absent|ahead|no_database|metrics_off|schema_unfit/.test(code), code);
    }
  });
});
