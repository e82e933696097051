import { randomBytes } from 'node:crypto';
import { Refusal } from '../../src/core/problem.ts';
import { type Db, openPool } from '../../src/db/pool.ts';
import { type Account, createAccount } from '../../src/merchants/accounts.ts';
import { createMerchant, type Merchant } from '../../src/merchants/enroll.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { openTestDatabase } from './zz-database.ts';

/** Sealed with a key of this run; what one test file seals, it can open. */
export const vault = openVault(randomBytes(32));

export type Ground = { readonly db: Db; close(): Promise<void> };

/** A database of its own with a pool on it. */
export async function openGround(): Promise<Ground> {
  const { connection, close } = await openTestDatabase();
  const db = openPool({ connection, name: 'test', connectionsMax: 10 });
  return {
    db,
    async close() {
      await db.close();
      await close();
    },
  };
}

export function enroll(db: Db, name = 'Shop'): Promise<Merchant> {
  return db.tx((tx) => createMerchant({ tx, vault }, { name }));
}

export function openAccount(db: Db, input: { merchantId: bigint; currency?: string }): Promise<Account> {
  const { merchantId, currency = 'RUB' } = input;
  return db.tx((tx) => createAccount(tx, { merchantId, currency, mode: 'live' }));
}

/** The codes of the refusal that `work` throws; anything else fails the test. */
export async function codesOf(work: Promise<unknown>): Promise<string[]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map((problem) => `${problem.field} ${problem.code}`);
    throw error;
  }
  throw new Error('nothing was refused');
}
