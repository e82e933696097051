import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Db, openPool } from '../../src/db/pool.ts';
import { auditChecks } from '../../src/ledger/audit.ts';
import { topUp } from '../../src/ledger/post.ts';
import { createAccount } from '../../src/merchants/accounts.ts';
import { createMerchant } from '../../src/merchants/enroll.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

function runAudit(words: readonly string[], env: Record<string, string>): Promise<Run> {
  return new Promise((resolve) => {
    const { DATABASE_URL: _, ...inherited } = process.env;
    execFile(
      process.execPath,
      [main, 'audit', ...words],
      { env: { ...inherited, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

describe('the audit as a command', () => {
  let database: TestDatabase;
  let env: { DATABASE_URL: string };
  let accountId: string;
  before(async () => {
    database = await openTestDatabase();
    const { host, user, database: name } = database.connection;
    env = { DATABASE_URL: `postgresql://${user}@localhost/${name}?host=${encodeURIComponent(host)}` };
    await withDatabase(async (db) => {
      const vault = openVault(Buffer.alloc(32, 7));
      const { merchantId } = await db.tx((tx) => createMerchant({ tx, vault }, { name: 'Test' }));
      ({ accountId } = await db.tx((tx) => createAccount(tx, { merchantId, currency: 'RUB', mode: 'sandbox' })));
      const movement = { merchantId, accountId, amountMinor: 500n, requestKey: '1', actor: 'test', reason: 'test' };
      await db.tx((tx) => topUp(tx, movement));
    });
  });
  after(() => database.close());

  async function withDatabase(work: (db: Db) => Promise<unknown>): Promise<void> {
    const db = openPool({ connection: database.connection, name: 'test', connectionsMax: 1 });
    try {
      await work(db);
    } finally {
      await db.close();
    }
  }

  test('says of each claim that it holds, and ends with 0', async () => {
    const { code, stdout } = await runAudit([], env);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(code, 0, stdout);
    assert.equal(lines.length, auditChecks.length + 2);
    for (const line of lines.slice(0, -1)) assert.match(line, /^ok {4} \[\d+(, \d+)*\] .+ \(.+, \d+\.\d\d s\)$/);
    assert.match(lines.at(-1) ?? '', new RegExp(`^${auditChecks.length + 1} claims hold, 0 are violated`));
  });

  test('names what is wrong with its ids, as text and as JSON, and ends with 1', async () => {
    await withDatabase(async (db) => {
      await db.query('update balance set available_minor = available_minor + 7, funding_minor = funding_minor - 7');
    });
    const text = await runAudit([], env);
    assert.equal(text.code, 1);
    assert.match(text.stdout, new RegExp(`^WRONG .+\n {9}merchant \\d+ account ${accountId}: available is 507`, 'm'));
    assert.match(text.stdout, /, 1 are violated \(\d+\.\d\d s\)\n$/);
    const json = await runAudit(['--json'], env);
    assert.equal(json.code, 1);
    const report = JSON.parse(json.stdout) as {
      violated: number;
      checks: { name: string; violations: string[]; cut_off: boolean; duration_ms: number }[];
    };
    assert.equal(report.violated, 1);
    assert.equal(report.checks.length, auditChecks.length + 1);
    const [wrong, ...others] = report.checks.filter(({ violations }) => violations.length > 0);
    assert.deepEqual([wrong?.name, wrong?.cut_off, others], ['every balance is the sum of its postings', false, []]);
  });

  test('an audit log with a hole is one claim of it', async () => {
    await withDatabase(async (db) => {
      await db.query(`insert into audit_log values (2, 'a', 'b', 'c', '{}', now(), '\\x00', '\\x00')`);
    });
    const { code, stdout } = await runAudit([], env);
    assert.equal(code, 1);
    assert.match(stdout, /WRONG {2}\[38\] .+\n {9}row 1: missing/);
  });

  test('ends with 2 when it could not look, and makes nothing on the way', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vyplata-audit-'));
    const dataDir = join(folder, 'data');
    const nowhere = await runAudit([], { DATA_DIR: dataDir });
    assert.deepEqual([nowhere.code, nowhere.stdout], [2, '']);
    assert.match(nowhere.stderr, /There is no database in .*data/);
    await assert.rejects(() => access(dataDir));
    const refused = await runAudit([], { DATABASE_URL: `postgresql://nobody@localhost/none?host=${folder}` });
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    const unknown = await runAudit(['--jsno'], env);
    assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
    assert.match(unknown.stderr, /audit knows no --jsno/);
    await rm(folder, { recursive: true });
  });
});
