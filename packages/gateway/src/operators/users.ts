import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import { hashPassword } from './hash-password.ts';
import type { Role, UserRole } from './roles.ts';

export type User = {
  readonly userId: bigint;
  readonly login: string;
  readonly role: UserRole;
  /** null for operators. */
  readonly merchantId: bigint | null;
  readonly state: 'active' | 'disabled';
  readonly createdAt: Date;
};

const columns = 'user_id as "userId", login, role, merchant_id as "merchantId", state, created_at as "createdAt"';

/** Logins differ by more than case and spaces. */
export function normaliseLogin(login: string): string {
  return login.trim().normalize('NFC').toLowerCase();
}

export type NewUser = { readonly login: string; readonly password: string } & (
  | { readonly role: Role; readonly merchantId?: null }
  | { readonly role: 'merchant'; readonly merchantId: bigint }
);

/** Throws a Refusal when the login is taken or the password too short. */
export async function createUser(tx: Tx, input: NewUser): Promise<User> {
  const hash = await hashPassword(input.password);
  const [user] = await tx.query<User>(
    `insert into operator_user (login, password_hash, role, merchant_id) values ($1, $2, $3, $4)
     on conflict (login) do nothing returning ${columns}`,
    [normaliseLogin(input.login), hash, input.role, input.merchantId ?? null],
  );
  if (user === undefined) throw new Refusal([{ code: 'record_exists', field: 'login' }]);
  return user;
}

export type UserChange = {
  readonly userId: bigint;
  /** Whose user it has to be; null or absent: an operator. */
  readonly merchantId?: bigint | null | undefined;
  /** Who changes: nobody may raise, lower or disable themselves. */
  readonly byUserId: bigint;
  readonly role?: Role | undefined;
  readonly state?: User['state'] | undefined;
  readonly password?: string | undefined;
};

/** Absent values stay as they are. A new password, a new role and disabling end all sessions and tokens of the user. */
export async function updateUser(tx: Tx, change: UserChange): Promise<User> {
  const hash = change.password === undefined ? null : await hashPassword(change.password);
  // All owners are locked in one order: two of them who disable each other at once must not both succeed.
  const owners = await tx.query<{ userId: bigint }>(
    `select user_id as "userId" from operator_user where role = 'owner' and state = 'active'
     order by user_id for update`,
  );
  const present = await readUser(tx, change.userId, change.merchantId ?? null);
  const next = { role: change.role ?? present.role, state: change.state ?? present.state };
  const isOther = next.role !== present.role || next.state !== present.state;
  if (isOther && change.userId === change.byUserId) {
    throw new Refusal([{ code: 'own_role_change', field: 'user_id' }]);
  }
  const staysOwner = next.role === 'owner' && next.state === 'active';
  if (present.role === 'owner' && !staysOwner && owners.every(({ userId }) => userId === change.userId)) {
    throw new Refusal([{ code: 'last_owner', field: 'user_id' }]);
  }
  await tx.query(
    'update operator_user set role = $2, state = $3, password_hash = coalesce($4, password_hash) where user_id = $1',
    [change.userId, next.role, next.state, hash],
  );
  if (isOther || hash !== null) {
    await tx.query(
      'update operator_session set revoked_at = clock_timestamp() where user_id = $1 and revoked_at is null',
      [change.userId],
    );
  }
  return { ...present, ...next };
}

/** Oldest first; there are never many. null: the operators. */
export function listUsers(sql: Sql, merchantId: bigint | null = null, limit = 1_000): Promise<User[]> {
  return sql.query<User>(
    `select ${columns} from operator_user where merchant_id is not distinct from $1::bigint
     order by user_id limit $2`,
    [merchantId, limit],
  );
}

/** Throws a Refusal when the merchant (null: the operators) has no such user. */
export async function readUser(sql: Sql, userId: bigint, merchantId: bigint | null = null): Promise<User> {
  const [user] = await sql.query<User>(
    `select ${columns} from operator_user where user_id = $1 and merchant_id is not distinct from $2::bigint`,
    [userId, merchantId],
  );
  if (user === undefined) throw new Refusal([{ code: 'record_unknown', field: 'user_id' }]);
  return user;
}
