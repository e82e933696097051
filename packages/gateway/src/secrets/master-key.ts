import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

export type MasterKeySource = {
  /** 32 bytes in base64. */
  readonly value: string | undefined;
  readonly file: string | undefined;
  /** Read if there is nothing else, and made if it is not there; undefined = never make one. */
  readonly ownFile: string | undefined;
};

/**
 * Finds the key that seals everything. Throws one sentence when there is none or when it is not 32 bytes of base64: a
 * gateway that started with another key could not open a single recipient.
 */
export async function readMasterKey(source: MasterKeySource): Promise<Uint8Array> {
  if (source.value !== undefined) return decodeKey(source.value, 'MASTER_KEY');
  if (source.file !== undefined) return decodeKey(await readFile(source.file, 'utf8'), source.file);
  if (source.ownFile === undefined) {
    throw new Error(
      'Set MASTER_KEY or MASTER_KEY_FILE to 32 random bytes in base64, for example: openssl rand -base64 32',
    );
  }
  return readOwnFile(source.ownFile);
}

/** The earlier keys, in any order. Throws one sentence when one of them is not 32 bytes of base64. */
export function readRetiredKeys(text: string | undefined): Uint8Array[] {
  return (text ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => decodeKey(part, 'MASTER_KEYS_RETIRED'));
}

async function readOwnFile(path: string): Promise<Uint8Array> {
  try {
    // Two first starts at once: the one that comes second finds the file and uses it.
    await writeFile(path, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return decodeKey(await readFile(path, 'utf8'), path);
}

function decodeKey(text: string, where: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === 32 && key.toString('base64') === text.trim()) return key;
  throw new Error(
    `The master key in ${where} is not 32 bytes of base64. Restore it from the backup; a new key opens nothing.`,
  );
}
