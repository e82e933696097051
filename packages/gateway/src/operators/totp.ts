import { Secret, TOTP } from 'otpauth';
import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';

/** Clocks of telephones go wrong by some seconds: the code before and the one after the present one count too. */
const stepsAround = 1;
const secretBytes = 20;
const codeForm = /^\d{6}$/;

type Needs = { readonly tx: Tx; readonly vault: Vault };
type Clock = { now(): number };

const contextOf = (userId: bigint): string => `operator:${userId}:totp`;

/** What a code generator takes: the secret to type in, and the same as a link for a QR code. */
export type TotpSecret = { readonly secret: string; readonly uri: string };

/** Makes a generator that counts once it is confirmed. Throws a Refusal when the user has a confirmed one. */
export async function startTotp({ tx, vault }: Needs, user: { userId: bigint; login: string }): Promise<TotpSecret> {
  const made = new Secret({ size: secretBytes });
  const secret = made.base32;
  const rows = await tx.query(
    `insert into totp_factor as f (user_id, secret_sealed) values ($1, $2)
     on conflict (user_id) do update set secret_sealed = excluded.secret_sealed, created_at = now(), last_step = 0
       where f.confirmed_at is null
     returning user_id`,
    [user.userId, vault.seal(secret, contextOf(user.userId))],
  );
  if (rows.length === 0) throw new Refusal([{ code: 'record_exists', field: 'totp' }]);
  return { secret, uri: makeTotp(made, user.login).toString() };
}

/** The first right code proves that the generator works; from then on it is a second factor. */
export async function confirmTotp(needs: Needs, input: { userId: bigint; code: string; clock?: Clock }): Promise<void> {
  await useCode(needs, { ...input, isConfirmed: false });
  await needs.tx.query('update totp_factor set confirmed_at = clock_timestamp() where user_id = $1', [input.userId]);
}

/** Takes a code of the user's generator, once. Throws a Refusal for a wrong one and for one that was used. */
export async function checkTotp(needs: Needs, input: { userId: bigint; code: string; clock?: Clock }): Promise<void> {
  await useCode(needs, { ...input, isConfirmed: true });
}

type Use = { userId: bigint; code: string; clock?: Clock; isConfirmed: boolean };

async function useCode({ tx, vault }: Needs, { userId, code, clock = Date, isConfirmed }: Use): Promise<void> {
  // Locked: of two requests with the same code only one finds it unused.
  const [row] = await tx.query<{ sealed: Buffer; lastStep: bigint }>(
    `select secret_sealed as sealed, last_step as "lastStep" from totp_factor
     where user_id = $1 and (confirmed_at is not null) = $2 for update`,
    [userId, isConfirmed],
  );
  const secret = row === undefined ? undefined : Secret.fromBase32(vault.open(row.sealed, contextOf(userId)));
  const step = secret === undefined ? undefined : findStep(makeTotp(secret), code, clock.now());
  if (row === undefined || step === undefined || BigInt(step) <= row.lastStep) {
    throw new Refusal([{ code: 'code_wrong', field: 'code' }]);
  }
  await tx.query('update totp_factor set last_step = $2 where user_id = $1', [userId, step]);
}

/** The 30-second step that the code belongs to, if it is one of the present ones. */
function findStep(totp: TOTP, code: string, timestamp: number): number | undefined {
  if (!codeForm.test(code)) return undefined;
  const delta = totp.validate({ token: code, timestamp, window: stepsAround });
  return delta === null ? undefined : totp.counter({ timestamp }) + delta;
}

function makeTotp(secret: Secret, login?: string): TOTP {
  return new TOTP({ issuer: 'Vyplata', ...(login === undefined ? {} : { label: login }), secret });
}

/** Whether it was there. */
export async function removeTotp(tx: Sql, userId: bigint): Promise<boolean> {
  return (await tx.query('delete from totp_factor where user_id = $1 returning user_id', [userId])).length > 0;
}
