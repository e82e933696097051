// Owns how secrets and recipients' data are kept at rest, and the keyed digest of orders.
// Promises that what is sealed can be opened only with the same key and the same context.
// Refuses to know whose secrets they are.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** AES-256-GCM under the master key. `context` is bound to the text: a sealed value moved to another row won't open. */
export type Vault = {
  seal(text: string, context: string): Buffer;
  /** Throws if the bytes were changed, moved, or sealed with a key this installation does not have. */
  open(sealed: Uint8Array, context: string): string;
  /** Keyed digest that recognises the same order again, for ever; `key` names the key that made it. */
  digest(text: string, key?: number): Buffer;
  readonly digestKey: number;
};

const formatVersion = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** `masterKey`: 32 bytes. It is part of every backup: without it sealed data and the digests of orders are lost. */
export function openVault(masterKey: Uint8Array): Vault {
  if (masterKey.length !== 32) throw new Error('the master key must have exactly 32 bytes');
  const sealKey = deriveKey(masterKey, 'seal');
  const digestKeys = new Map([[1, deriveKey(masterKey, 'order-digest-1')]]);
  return {
    digestKey: 1,
    seal(text, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([formatVersion]), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      if (sealed[0] !== formatVersion) throw new Error('sealed data of an unknown format');
      const nonce = sealed.subarray(1, 1 + nonceBytes);
      const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
      const decipher = createDecipheriv('aes-256-gcm', sealKey, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(tag);
      const body = sealed.subarray(1 + nonceBytes + tagBytes);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
    digest(text, key = 1) {
      const secret = digestKeys.get(key);
      if (secret === undefined) throw new Error(`the order digest key ${key} is not in this installation`);
      return createHmac('sha256', secret).update(text).digest();
    },
  };
}

function deriveKey(masterKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `vyplata ${purpose}`, 32));
}
