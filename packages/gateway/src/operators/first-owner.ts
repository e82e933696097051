import { timingSafeEqual } from 'node:crypto';
import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';
import { createUser, type User } from './users.ts';

/**
 * What the first owner shows instead of somebody's leave. Only who runs the machine sees it: it comes from the master
 * key, is the same in every process of the installation, and is worth nothing once there is anybody.
 */
export function firstOwnerToken(vault: Pick<Vault, 'digest'>): string {
  return vault.digest('first owner').toString('base64url');
}

/** Whether nobody can sign in yet. */
export async function isOwnerless(sql: Sql): Promise<boolean> {
  const rows = await sql.query('select 1 from operator_user limit 1');
  return rows.length === 0;
}

/** Throws a Refusal when the token is not the one, when there is somebody already, or when the password is short. */
export async function createFirstOwner(
  { tx, vault }: { readonly tx: Tx; readonly vault: Pick<Vault, 'digest'> },
  input: { readonly token: string; readonly login: string; readonly password: string },
): Promise<User> {
  const [given, right] = [Buffer.from(input.token), Buffer.from(firstOwnerToken(vault))];
  const isRight = given.length === right.length && timingSafeEqual(given, right);
  if (!isRight) throw new Refusal([{ code: 'setup_wrong', field: 'token' }]);
  // Of two people with the same link one is the first.
  await tx.query('lock table operator_user in exclusive mode');
  if (!(await isOwnerless(tx))) throw new Refusal([{ code: 'setup_wrong', field: 'token' }]);
  return createUser(tx, { login: input.login, password: input.password, role: 'owner' });
}
