// Owns the doctor's look at the key folder and the notification key.
// Promises to name the file that is wrong, and never to print what is in it.
// Refuses to know the gateway.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintKey, KEY_REFUSALS, loadPrivateKey, toPublicKey, vetPublicKey } from '../key.ts';
import { type Finding, failed, passed, warned } from './doctor-finding.ts';

export type KeyExamined = { findings: Finding[]; key: KeyObject | undefined };

export async function examineKey(certDir: string): Promise<KeyExamined> {
  const path = join(certDir, 'private.pem');
  const pem = await readFile(path, 'utf8').catch(() => undefined);
  if (pem === undefined) return { findings: [failed('key', 'key_file_missing', { path })], key: undefined };
  const password = await readFile(join(certDir, 'password.txt'), 'utf8').catch(() => undefined);
  let key: KeyObject;
  try {
    key = loadPrivateKey(password === undefined ? { pem } : { pem, password });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { findings: [failed('key', 'key_unusable', { why })], key: undefined };
  }
  const vetted = vetPublicKey(toPublicKey(key).export({ type: 'spki', format: 'pem' }).toString());
  if (!vetted.ok) return { findings: [failed('key', 'key_weak', { why: KEY_REFUSALS[vetted.code] })], key: undefined };
  const publicPem = await readFile(join(certDir, 'public.pem'), 'utf8').catch(() => undefined);
  if (publicPem !== undefined && fingerprintPem(publicPem) !== vetted.fingerprint) {
    return { findings: [failed('key', 'key_pair_mixed')], key: undefined };
  }
  const what = `${key.asymmetricKeyDetails?.modulusLength ?? '?'} bits, ${vetted.fingerprint.slice(0, 16)}…`;
  return { findings: [passed('key', what), ...(await examineMode(path))], key };
}

/** Windows has no such modes. */
async function examineMode(path: string): Promise<Finding[]> {
  if (process.platform === 'win32') return [];
  const { mode } = await stat(path);
  return (mode & 0o077) === 0 ? [] : [warned('key', 'key_open_to_others', { path })];
}

export function examineNotificationKey(pem: string, own: KeyObject | undefined): Finding {
  const vetted = vetPublicKey(pem);
  if (!vetted.ok) {
    return failed('notifications', 'notification_key_unusable', { why: KEY_REFUSALS[vetted.code] });
  }
  if (own !== undefined && fingerprintKey(own) === vetted.fingerprint) {
    return failed('notifications', 'notification_key_own');
  }
  return passed('notifications', `${vetted.fingerprint.slice(0, 16)}…`);
}

function fingerprintPem(pem: string): string | undefined {
  try {
    return fingerprintKey(createPublicKey(pem));
  } catch {
    return undefined;
  }
}
