import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { loadPrivateKey, makeKeyArchive, readKeyArchive, vetPublicKey } from '../src/archive.ts';
import { signBody, verifySignature } from '../src/signature.ts';
import { readVector } from './vectors.ts';

const made = await makeKeyArchive();

test('the archive holds the three files in the form the samples read', () => {
  const files = unzipSync(made.zip);
  assert.deepEqual(Object.keys(files), ['password.txt', 'private.pem', 'public.pem']);
  assert.match(Buffer.from(files['password.txt'] ?? []).toString('latin1'), /^[A-Za-z0-9_-]{32}$/);
  assert.match(
    made.privatePem,
    /^-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,[0-9A-F]{32}\n\n/,
  );
  assert.match(made.publicPem, /^-----BEGIN PUBLIC KEY-----\n/);
  const vetted = vetPublicKey(made.publicPem);
  assert.ok(vetted.ok);
  assert.equal(vetted.key.asymmetricKeyDetails?.modulusLength, 2048);
  assert.equal(vetted.publicPem, made.publicPem);
});

test('what is made can be read, and signs', () => {
  const read = readKeyArchive(made.zip);
  assert.equal(read.password, made.password);
  assert.equal(read.publicPem, made.publicPem);
  const sign = signBody({ body: '[]', key: read.key });
  assert.ok(verifySignature({ body: '[]', sign, key: createPublicKey(made.publicPem), digest: 'sha1' }));
});

test('two archives share nothing', async () => {
  const other = await makeKeyArchive();
  assert.notEqual(other.password, made.password);
  assert.notEqual(other.publicPem, made.publicPem);
});

const texts = {
  'password.txt': strToU8(readVector('payout/password.txt')),
  'private.pem': strToU8(readVector('payout/private.pem')),
  'public.pem': strToU8(readVector('payout/public.pem')),
};

test('an archive made by hand is read: a folder, a line break after the password, shadow files of macOS', () => {
  const zip = zipSync({
    cert: { ...texts, 'password.txt': strToU8(`${readVector('payout/password.txt')}\r\n`) },
    '__MACOSX/cert/._private.pem': strToU8('x'),
  });
  assert.equal(readKeyArchive(zip).publicPem, readVector('payout/public.pem'));
  const { 'public.pem': _, ...withoutPublic } = texts;
  assert.equal(readKeyArchive(zipSync(withoutPublic)).publicPem, readVector('payout/public.pem'));
});

test('a bad archive is refused with a sentence and without secrets', () => {
  const wrongPassword = { ...texts, 'password.txt': strToU8('hunter2') };
  const mixed = { ...texts, 'public.pem': strToU8(made.publicPem) };
  const cases: [Uint8Array, RegExp][] = [
    [strToU8('not a zip'), /not a zip archive/],
    [made.zip.slice(0, 1000), /not a zip archive/],
    [zipSync({ 'readme.txt': strToU8('x') }), /no private\.pem/],
    [zipSync(wrongPassword), /password does not belong/],
    [zipSync({ 'private.pem': texts['private.pem'] }), /no password was given/],
    [zipSync(mixed), /different pairs/],
    [zipSync({ ...texts, 'old/private.pem': texts['private.pem'] }), /private\.pem twice/],
    [zipSync({ ...texts, 'public.pem': new Uint8Array(20_000) }), /too large/],
    [new Uint8Array(70_000), /at most 65536/],
  ];
  for (const [zip, message] of cases) {
    assert.throws(
      () => readKeyArchive(zip),
      (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.stack}`, /hunter2/);
        return true;
      },
    );
  }
});

test('a private key of another kind is refused with a sentence', () => {
  assert.throws(() => loadPrivateKey({ pem: made.publicPem, password: 'x' }), /not a private key in PEM form/);
  assert.throws(() => loadPrivateKey({ pem: made.privatePem, password: 'x' }), /password does not belong/);
  assert.throws(() => loadPrivateKey({ pem: made.privatePem }), /Pass the text of password\.txt/);
});

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

test('OpenSSL reads the private key with the password', { skip }, () => {
  const args = ['rsa', '-passin', `pass:${made.password}`, '-pubout'];
  const run = spawnSync('openssl', args, { input: made.privatePem, encoding: 'utf8' });
  assert.equal(run.stdout.trim(), made.publicPem.trim(), run.stderr);
});
