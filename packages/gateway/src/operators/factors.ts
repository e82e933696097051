import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';

/** What a user can prove beside the password. */
export type Factors = { readonly hasTotp: boolean; readonly passkeys: number; readonly recoveryCodesLeft: number };

const recoveryCodes = 10;
const codeBytes = 10;

export async function readFactors(sql: Sql, userId: bigint): Promise<Factors> {
  const [row] = await sql.query<Factors>(
    `select exists (select 1 from totp_factor where user_id = $1 and confirmed_at is not null) as "hasTotp",
       (select count(*)::integer from passkey where user_id = $1) as passkeys,
       (select count(*)::integer from recovery_code where user_id = $1 and used_at is null) as "recoveryCodesLeft"`,
    [userId],
  );
  return row ?? { hasTotp: false, passkeys: 0, recoveryCodesLeft: 0 };
}

/** Recovery codes are for those who lost a factor, and no factor by themselves. */
export function hasFactor(factors: Factors): boolean {
  return factors.hasTotp || factors.passkeys > 0;
}

/** Fresh codes in place of all earlier ones. They exist in the returned value only: show them once. */
export async function makeRecoveryCodes(tx: Tx, userId: bigint): Promise<string[]> {
  const codes = Array.from({ length: recoveryCodes }, () => randomBytes(codeBytes).toString('hex'));
  await tx.query('delete from recovery_code where user_id = $1', [userId]);
  await tx.query('insert into recovery_code (code_hash, user_id) select unnest($1::bytea[]), $2', [
    codes.map((code) => hashCode(userId, code)),
    userId,
  ]);
  return codes.map((code) => code.match(/.{5}/g)?.join('-') ?? code);
}

/** Takes a recovery code, once. Throws a Refusal for a wrong one and for one that was used. */
export async function takeRecoveryCode(tx: Tx, input: { userId: bigint; code: string }): Promise<void> {
  const code = input.code.toLowerCase().replace(/[^0-9a-f]/g, '');
  const rows = await tx.query(
    `update recovery_code set used_at = clock_timestamp() where code_hash = $1 and user_id = $2 and used_at is null
     returning user_id`,
    [hashCode(input.userId, code), input.userId],
  );
  if (rows.length === 0) throw new Refusal([{ code: 'code_wrong', field: 'code' }]);
}

/** A fast hash is enough: a code is 80 random bits, and tries are counted. */
function hashCode(userId: bigint, code: string): Buffer {
  return createHash('sha256').update(`recovery:${userId}:${code}`).digest();
}

/** Removes every factor of somebody who lost them, and ends all their sessions and tokens. */
export async function resetFactors(tx: Tx, userId: bigint): Promise<void> {
  for (const table of ['totp_factor', 'passkey', 'recovery_code', 'passkey_challenge']) {
    await tx.query(`delete from ${table} where user_id = $1`, [userId]);
  }
  await tx.query(
    'update operator_session set revoked_at = clock_timestamp() where user_id = $1 and revoked_at is null',
    [userId],
  );
}

/** What nobody asks about any more: counts of tries, challenges and half sessions whose time is over. */
export async function sweepSignIns(sql: Sql): Promise<void> {
  // What is locked is in use, so it is not old: waiting for it could end in a circle.
  await sql.query(
    `delete from sign_in_count where key_hash in (select key_hash from sign_in_count
       where since < clock_timestamp() - interval '1 day' limit 10000 for update skip locked)`,
  );
  await sql.query('delete from passkey_challenge where expires_at < clock_timestamp()');
  await sql.query(`delete from operator_session where kind = 'half' and expires_at < clock_timestamp()`);
}
