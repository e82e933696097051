import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../core/problem.ts';
import type { Tx } from '../db/pool.ts';
import type { Person } from './sessions.ts';
import { createUser, readUser, type User, updateUser } from './users.ts';

/** The secret exists in this value only: hand it over once. */
export type Invitation = { readonly user: User; readonly secret: string; readonly expiresAt: Date };

const invitationHours = 72;
const secretForm = /^[A-Za-z0-9_-]{43}$/;

/** Adds a user of a merchant who chooses a password by the invitation. Throws a Refusal when the login is taken. */
export async function inviteUser(
  tx: Tx,
  input: { readonly merchantId: bigint; readonly login: string },
): Promise<Invitation> {
  // Nobody knows it: until the invitation is accepted no password signs this user in.
  const password = randomBytes(32).toString('base64url');
  const user = await createUser(tx, { ...input, role: 'merchant', password });
  return makeInvitation(tx, user);
}

/** For somebody who lost the password or the first link, which ends. The present password works until then. */
export async function inviteAgain(
  tx: Tx,
  input: { readonly merchantId: bigint; readonly userId: bigint },
): Promise<Invitation> {
  const user = await readUser(tx, input.userId, input.merchantId);
  await tx.query('delete from invitation where user_id = $1 and used_at is null', [user.userId]);
  return makeInvitation(tx, user);
}

async function makeInvitation(tx: Tx, user: User): Promise<Invitation> {
  const secret = randomBytes(32).toString('base64url');
  const [row] = await tx.query<{ expiresAt: Date }>(
    `insert into invitation (secret_hash, user_id, expires_at)
     values ($1, $2, clock_timestamp() + $3 * interval '1 hour') returning expires_at as "expiresAt"`,
    [hashSecret(secret), user.userId, invitationHours],
  );
  if (row === undefined) throw new Error('an invitation was not written');
  return { user, secret, expiresAt: row.expiresAt };
}

/**
 * Sets the password of whoever was invited, and ends all their sessions. Throws a Refusal for a secret that is wrong,
 * used or too old, without telling which, and for a password that is too short: then it may be tried again.
 */
export async function acceptInvitation(
  tx: Tx,
  input: { readonly secret: string; readonly password: string },
): Promise<Person> {
  const [row] = secretForm.test(input.secret)
    ? await tx.query<{ userId: bigint; merchantId: bigint }>(
        `update invitation i set used_at = clock_timestamp() from operator_user u
         where i.secret_hash = $1 and i.used_at is null and i.expires_at > clock_timestamp()
           and u.user_id = i.user_id and u.state = 'active' and u.merchant_id is not null
         returning u.user_id as "userId", u.merchant_id as "merchantId"`,
        [hashSecret(input.secret)],
      )
    : [];
  if (row === undefined) throw new Refusal([{ code: 'invitation_wrong', field: 'secret' }]);
  const { userId, merchantId } = row;
  return updateUser(tx, { userId, merchantId, byUserId: userId, password: input.password });
}

/** A fast hash is enough: the secret is 32 random bytes. */
function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(`invitation:${secret}`).digest();
}
