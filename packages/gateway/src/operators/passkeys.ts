import { createHash, randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { Refusal } from '../core/problem.ts';
import { isDatabaseError, type Sql, type Tx } from '../db/pool.ts';
import { type Person, type Side, sideOf } from './sessions.ts';

/** Where the console is: what a browser calls the origin, and the host that passkeys are bound to. */
export type Site = { readonly origin: string; readonly host: string };

export type Passkey = {
  readonly passkeyId: bigint;
  readonly label: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
};

const challengeBytes = 32;
export const challengeMs = 300_000;
const passkeysMax = 20;
const columns = 'passkey_id as "passkeyId", label, created_at as "createdAt", last_used_at as "lastUsedAt"';

/** Loaded when it is needed: it takes a tenth of a second, which most starts of the program can do without. */
const loadLibrary = () => import('@simplewebauthn/server');

/** Draws a challenge, base64url. `userId`: who adds a passkey; undefined: somebody signs in. */
export async function makeChallenge(sql: Sql, userId?: bigint): Promise<string> {
  const challenge = randomBytes(challengeBytes).toString('base64url');
  await sql.query(
    `insert into passkey_challenge (challenge_hash, user_id, expires_at)
     values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')`,
    [hashChallenge(challenge), userId ?? null, challengeMs],
  );
  return challenge;
}

/** Keeps a new passkey. Throws a Refusal when the ceremony does not prove it. */
export async function addPasskey(
  tx: Tx,
  input: { userId: bigint; label: string; site: Site; registration: RegistrationResponseJSON },
): Promise<Passkey> {
  const { userId, label, site, registration } = input;
  const { verifyRegistrationResponse } = await loadLibrary();
  const verdict = await verifyRegistrationResponse({
    response: registration,
    expectedChallenge: (challenge) => takeChallenge(tx, { challenge, userId }),
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    requireUserVerification: true,
  }).catch(refuseCeremony);
  if (!verdict.verified) return refuse();
  const { id, publicKey, counter } = verdict.registrationInfo.credential;
  const [{ count } = { count: 0 }] = await tx.query<{ count: number }>(
    'select count(*)::integer as count from passkey where user_id = $1',
    [userId],
  );
  if (count >= passkeysMax) throw new Refusal([{ code: 'record_exists', field: 'passkey' }]);
  const [passkey] = await tx.query<Passkey>(
    `insert into passkey (user_id, credential_id, public_key, sign_count, label) values ($1, $2, $3, $4, $5)
     on conflict (credential_id) do nothing returning ${columns}`,
    [userId, Buffer.from(id, 'base64url'), Buffer.from(publicKey), counter, label],
  );
  return passkey ?? refuse();
}

type Stored = Person & { readonly passkeyId: bigint; readonly publicKey: Buffer; readonly signCount: bigint };

/**
 * Whose passkey signed. A passkey stands for both factors, so the device has to have checked its owner and not only a
 * touch; a count of uses that does not grow is a copy of the key. Throws a Refusal that does not tell what was wrong.
 */
export async function checkPasskey(
  tx: Tx,
  input: { site: Site; assertion: AuthenticationResponseJSON; side: Side },
): Promise<Person> {
  const { site, assertion } = input;
  const [stored] = await tx.query<Stored>(
    `select p.passkey_id as "passkeyId", p.public_key as "publicKey", p.sign_count as "signCount",
       u.user_id as "userId", u.login, u.role, u.merchant_id as "merchantId"
     from passkey p join operator_user u on u.user_id = p.user_id
     where p.credential_id = $1 and u.state = 'active' for update of p`,
    [Buffer.from(assertion.id, 'base64url')],
  );
  if (stored === undefined || sideOf(stored) !== input.side) return refuse();
  const { verifyAuthenticationResponse } = await loadLibrary();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: assertion,
    expectedChallenge: (challenge) => takeChallenge(tx, { challenge, userId: null }),
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    requireUserVerification: true,
    credential: {
      id: assertion.id,
      publicKey: new Uint8Array(stored.publicKey),
      counter: Number(stored.signCount),
    },
  }).catch(refuseCeremony);
  if (!verified) return refuse();
  await tx.query('update passkey set sign_count = $2, last_used_at = clock_timestamp() where passkey_id = $1', [
    stored.passkeyId,
    authenticationInfo.newCounter,
  ]);
  const { userId, login, role, merchantId } = stored;
  return { userId, login, role, merchantId };
}

/** Whether the challenge is one of ours, for this purpose; it is gone afterwards. */
async function takeChallenge(tx: Tx, said: { challenge: string; userId: bigint | null }): Promise<boolean> {
  const rows = await tx.query(
    `delete from passkey_challenge where challenge_hash = $1 and user_id is not distinct from $2
       and expires_at > clock_timestamp() returning challenge_hash`,
    [hashChallenge(said.challenge), said.userId],
  );
  return rows.length > 0;
}

function hashChallenge(challenge: string): Buffer {
  return createHash('sha256').update(challenge).digest();
}

/** The library throws for whatever is wrong with a ceremony; what the database throws stays what it is. */
function refuseCeremony(error: unknown): never {
  if (isDatabaseError(error)) throw error;
  return refuse();
}

function refuse(): never {
  throw new Refusal([{ code: 'passkey_wrong', field: 'credential' }]);
}

/** Newest first. */
export function listPasskeys(sql: Sql, userId: bigint): Promise<Passkey[]> {
  return sql.query<Passkey>(`select ${columns} from passkey where user_id = $1 order by passkey_id desc`, [userId]);
}

/** Ids of the user's passkeys, base64url: a device that holds one of them is not asked to make another. */
export async function listCredentialIds(sql: Sql, userId: bigint): Promise<string[]> {
  const rows = await sql.query<{ id: Buffer }>('select credential_id as id from passkey where user_id = $1', [userId]);
  return rows.map(({ id }) => id.toString('base64url'));
}

/** Throws a Refusal when the user has no such one. */
export async function removePasskey(tx: Tx, input: { userId: bigint; passkeyId: bigint }): Promise<void> {
  const rows = await tx.query('delete from passkey where user_id = $1 and passkey_id = $2 returning passkey_id', [
    input.userId,
    input.passkeyId,
  ]);
  if (rows.length === 0) throw new Refusal([{ code: 'record_unknown', field: 'passkey_id' }]);
}
