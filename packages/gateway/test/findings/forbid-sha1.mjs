// Loaded before the program: OpenSSL as a machine has it whose policy forbids signatures with SHA-1.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const { sign } = crypto;
crypto.sign = (digest, ...rest) => {
  if (digest === 'sha1') throw new Error('error:03000098:digital envelope routines::invalid digest');
  return sign(digest, ...rest);
};
syncBuiltinESMExports();
