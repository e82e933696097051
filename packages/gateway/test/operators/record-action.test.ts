import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listActions, recordAction, verifyAuditLog } from '../../src/operators/record-action.ts';
import { type Ground, openGround } from '../merchants/harness.ts';

describe('the audit log', () => {
  let ground: Ground;
  before(async () => {
    ground = await openGround();
  });
  after(() => ground.close());

  const note = (count: number) =>
    ground.db.tx((tx) =>
      recordAction(tx, {
        actor: count % 2 === 0 ? 'operator:anna' : 'operator:boris',
        action: 'account.top_up',
        subject: `merchant:${count}`,
        detail: { zeta: 'ё "quoted"', amount: '1.00', nested: { b: 1e21, a: [`${count}`, 'x'] }, none: null },
      }),
    );

  /** Somebody with the rights of the database's owner, who can switch the append-only trigger off. */
  async function tamper(statement: string): Promise<void> {
    await ground.db.tx(async (tx) => {
      await tx.query('alter table audit_log disable trigger audit_log_append_only');
      await tx.query(statement);
      await tx.query('alter table audit_log enable trigger audit_log_append_only');
    });
  }

  test('rows written at the same time form one chain', async () => {
    assert.deepEqual(await verifyAuditLog(ground.db), { ok: true, rows: 0n, headHash: '0'.repeat(64) });
    await Promise.all(Array.from({ length: 12 }, (_, count) => note(count)));
    const verdict = await verifyAuditLog(ground.db);
    assert.equal(verdict.ok && verdict.rows, 12n);
    const page = await listActions(ground.db, { beforeRowNo: 12n, limit: 2, actor: 'operator:anna' });
    assert.ok(page.every((row) => row.actor === 'operator:anna' && row.rowNo < 12n));
    assert.equal(page.length, 2);
  });

  test('an action that is rolled back leaves no row', async () => {
    const failing = ground.db.tx(async (tx) => {
      await recordAction(tx, { actor: 'system', action: 'x.y', subject: 's', detail: {} });
      throw new Error('stop');
    });
    await assert.rejects(failing, /stop/);
    const verdict = await verifyAuditLog(ground.db);
    assert.equal(verdict.ok && verdict.rows, 12n);
  });

  test('the database refuses to change a row', async () => {
    await assert.rejects(ground.db.query(`update audit_log set actor = 'x'`), /append-only/);
    await assert.rejects(ground.db.query('delete from audit_log'), /append-only/);
    await assert.rejects(ground.db.query('truncate audit_log'), /append-only/);
  });

  test('an edit, a swap and a removal are found where they begin', async () => {
    await tamper(`update audit_log set detail = jsonb_set(detail, '{amount}', '"9.00"') where row_no = 5`);
    assert.deepEqual(await verifyAuditLog(ground.db), { ok: false, rowNo: 5n, why: 'changed' });
    await tamper(`update audit_log set detail = jsonb_set(detail, '{amount}', '"1.00"') where row_no = 5`);
    assert.equal((await verifyAuditLog(ground.db)).ok, true);
    await tamper(`update audit_log set created_at = created_at - interval '1 hour' where row_no = 6`);
    assert.deepEqual(await verifyAuditLog(ground.db), { ok: false, rowNo: 6n, why: 'changed' });
    await tamper(`update audit_log set created_at = created_at + interval '1 hour' where row_no = 6`);
    await tamper('delete from audit_log where row_no = 7');
    assert.deepEqual(await verifyAuditLog(ground.db), { ok: false, rowNo: 7n, why: 'missing' });
    await tamper('update audit_log set row_no = row_no - 1 where row_no > 7');
    assert.deepEqual(await verifyAuditLog(ground.db), { ok: false, rowNo: 7n, why: 'order' });
  });
});
