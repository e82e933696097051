import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Refusal } from '../core/problem.ts';

const passwordLengthMin = 12;
export const passwordLengthMax = 200;

const derive = promisify(argon2);
// OWASP's first choice for argon2id: 19 MiB, two passes, one lane. About 25 ms of one core.
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const form = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
/** Each hash takes 19 MiB; a flood of sign-ins must not take all the memory. */
const hashesMax = 4;
let hashing = 0;

/** The hash in the usual text form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Throws a Refusal for a short password. */
export async function hashPassword(password: string): Promise<string> {
  if ([...password].length < passwordLengthMin) {
    throw new Refusal([{ code: 'password_too_short', field: 'password', values: { min: passwordLengthMin } }]);
  }
  const salt = randomBytes(16);
  const tag = await limited({ ...cost, message: password.normalize('NFC'), nonce: salt });
  return formatHash(salt, tag);
}

/** Takes the same time whether or not there is a hash: an unknown login must not answer faster than a known one. */
export async function isPasswordRight(password: string, hash: string | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, salt, tag] = form.exec(hash ?? absentHash) ?? [];
  if (salt === undefined || tag === undefined) throw new Error('a stored password hash has an unknown form');
  const expected = Buffer.from(tag, 'base64');
  const found = await limited({
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
    message: password.normalize('NFC'),
    nonce: Buffer.from(salt, 'base64'),
  });
  return timingSafeEqual(found, expected) && hash !== undefined;
}

const absentHash = formatHash(Buffer.alloc(16), Buffer.alloc(32));

type Parameters = Readonly<typeof cost> & { readonly message: string; readonly nonce: Buffer };

async function limited(parameters: Parameters): Promise<Buffer> {
  if (hashing >= hashesMax) throw new Refusal([{ code: 'too_fast', field: 'request', values: { seconds: 1 } }]);
  hashing += 1;
  try {
    return await derive('argon2id', parameters);
  } finally {
    hashing -= 1;
  }
}

function formatHash(salt: Buffer, tag: Buffer): string {
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
