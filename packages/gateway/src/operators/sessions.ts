import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../core/problem.ts';
import type { Sql, Statement, Tx } from '../db/pool.ts';
import { isPasswordRight } from './hash-password.ts';
import type { UserRole } from './roles.ts';
import { normaliseLogin } from './users.ts';

/** Who asks, as proven by a session or a token. */
export type Operator = {
  readonly userId: bigint;
  readonly login: string;
  readonly role: UserRole;
  /** The merchant that a user of the role `merchant` belongs to; null for operators. */
  readonly merchantId: bigint | null;
  readonly sessionId: bigint;
  readonly kind: SessionKind;
  readonly expiresAt: Date;
  /** Whether the user has a second factor, be it used at this sign-in or not. */
  readonly hasFactor: boolean;
};

/** `half`: the password was right, and the second factor is still to be shown or to be added. */
export type SessionKind = 'session' | 'half' | 'token';

export type Session = {
  readonly sessionId: bigint;
  readonly kind: SessionKind;
  readonly label: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
};

/** The secret exists in this value only. */
export type Opened = { readonly session: Session; readonly secret: string };

const sessionHours = 12;
const halfMinutes = 10;
export const tokenDaysMax = 365;
const tokenPrefix = 'vyp_';
const secretForm = /^(?:vyp_)?[A-Za-z0-9_-]{43}$/;

const columns = `session_id as "sessionId", kind, label, created_at as "createdAt", last_used_at as "lastUsedAt",
  expires_at as "expiresAt"`;

const selectOperator: Statement = {
  name: 'operator_by_secret',
  text: `
  select u.user_id as "userId", u.login, u.role, u.merchant_id as "merchantId", s.session_id as "sessionId",
    s.kind, s.expires_at as "expiresAt",
    s.last_used_at < clock_timestamp() - interval '1 minute' as "isStale",
    (exists (select 1 from totp_factor f where f.user_id = u.user_id and f.confirmed_at is not null)
      or exists (select 1 from passkey p where p.user_id = u.user_id)) as "hasFactor"
  from operator_session s
  join operator_user u on u.user_id = s.user_id
  where s.secret_hash = $1 and s.kind = $2 and s.revoked_at is null and s.expires_at > clock_timestamp()
    and u.state = 'active'`,
};

/** Which of the two APIs somebody signs in to: nobody gets into the other one, whatever they know. */
export type Side = 'operators' | 'merchants';

/** Who somebody is before there is a session. */
export type Person = Pick<Operator, 'userId' | 'login' | 'role' | 'merchantId'>;

export function sideOf(person: Pick<Operator, 'role'>): Side {
  return person.role === 'merchant' ? 'merchants' : 'operators';
}

/** Checks a login and its password. Throws a Refusal that does not tell which of them was wrong. */
export async function checkPassword(sql: Sql, input: { login: string; password: string; side: Side }): Promise<Person> {
  const login = normaliseLogin(input.login);
  const [user] = await sql.query<Person & { hash: string }>(
    `select user_id as "userId", login, role, merchant_id as "merchantId", password_hash as hash from operator_user
     where login = $1 and state = 'active' and (merchant_id is not null) = $2`,
    [login, input.side === 'merchants'],
  );
  const isRight = await isPasswordRight(input.password, user?.hash);
  if (user === undefined || !isRight) throw new Refusal([{ code: 'sign_in_wrong', field: 'login' }]);
  const { hash: _, ...person } = user;
  return person;
}

/** A session of the console, for `sessionHours`. */
export function openSession(tx: Tx, userId: bigint): Promise<Opened> {
  const expiresAt = new Date(Date.now() + sessionHours * 3_600_000);
  return insertSession(tx, { userId, kind: 'session', label: '', expiresAt });
}

/** What a right password alone opens for a user who has to show a second factor, or to add one. */
export function openHalfSession(tx: Tx, userId: bigint): Promise<Opened> {
  const expiresAt = new Date(Date.now() + halfMinutes * 60_000);
  return insertSession(tx, { userId, kind: 'half', label: '', expiresAt });
}

/** A token for a program that acts with the user's role. */
export function createToken(tx: Tx, input: { userId: bigint; label: string; days: number }): Promise<Opened> {
  const { userId, label, days } = input;
  const expiresAt = new Date(Date.now() + Math.min(days, tokenDaysMax) * 86_400_000);
  return insertSession(tx, { userId, kind: 'token', label, expiresAt });
}

type NewSession = { userId: bigint; kind: SessionKind; label: string; expiresAt: Date };

async function insertSession(tx: Tx, { userId, kind, label, expiresAt }: NewSession): Promise<Opened> {
  const secret = `${kind === 'token' ? tokenPrefix : ''}${randomBytes(32).toString('base64url')}`;
  const [session] = await tx.query<Session>(
    `insert into operator_session (user_id, secret_hash, kind, label, expires_at) values ($1, $2, $3, $4, $5)
     returning ${columns}`,
    [userId, hashSecret(secret), kind, label, expiresAt],
  );
  return { session: session as Session, secret };
}

/** Whose secret it is, if it is a valid one of that kind. */
export async function findOperator(
  sql: Sql,
  proof: { readonly secret: string; readonly kind: SessionKind },
): Promise<Operator | undefined> {
  if (!secretForm.test(proof.secret)) return undefined;
  const rows = await sql.run<Operator & { isStale: boolean }>(selectOperator, [hashSecret(proof.secret), proof.kind]);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { isStale, ...operator } = row;
  // At most one write a minute: the time of last use is for people who look for forgotten tokens.
  if (isStale) {
    await sql.query('update operator_session set last_used_at = clock_timestamp() where session_id = $1', [
      operator.sessionId,
    ]);
  }
  return operator;
}

/** The valid sessions or tokens of a user, newest first. */
export function listSessions(sql: Sql, owner: { userId: bigint; kind: SessionKind }): Promise<Session[]> {
  return sql.query<Session>(
    `select ${columns} from operator_session
     where user_id = $1 and kind = $2 and revoked_at is null and expires_at > clock_timestamp()
     order by session_id desc limit 200`,
    [owner.userId, owner.kind],
  );
}

/** Ends a session or token of this user. Throws a Refusal when the user has no such one. */
export async function revokeSession(
  tx: Tx,
  owner: { userId: bigint; sessionId: bigint; kind: SessionKind },
): Promise<void> {
  const rows = await tx.query(
    `update operator_session set revoked_at = clock_timestamp()
     where user_id = $1 and session_id = $2 and kind = $3 and revoked_at is null returning session_id`,
    [owner.userId, owner.sessionId, owner.kind],
  );
  if (rows.length === 0) throw new Refusal([{ code: 'record_unknown', field: `${owner.kind}_id` }]);
}

/** Ends all sessions of the user; tokens of programs stay. Answers how many there were. */
export async function revokeSessions(tx: Tx, userId: bigint): Promise<number> {
  const rows = await tx.query(
    `update operator_session set revoked_at = clock_timestamp()
     where user_id = $1 and kind in ('session', 'half') and revoked_at is null and expires_at > clock_timestamp()
     returning session_id`,
    [userId],
  );
  return rows.length;
}

/** A fast hash is enough: the secret is 32 random bytes, which nobody guesses. */
function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
