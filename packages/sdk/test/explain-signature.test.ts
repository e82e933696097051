import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, privateEncrypt, sign as signWith } from 'node:crypto';
import { test } from 'node:test';
import { type ExplainedKey, explainSignature, type SignatureFinding } from '../src/explain-signature.ts';
import { describeFinding } from '../src/explain-signature-texts.ts';
import { signBody } from '../src/signature.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const long = generateKeyPairSync('rsa', { modulusLength: 3072 });
const curve = generateKeyPairSync('ed25519');
const entry: ExplainedKey = { label: 'main', key: pair.publicKey, digestRule: 'sha1', state: 'active' };
const second: ExplainedKey = { ...entry, label: 'second', key: other.publicKey };

const value = { amount: '500.00', number: '79005554455', url: 'https://shop.example/a?b=1&c=<2>', name: 'Иван' };
const text = JSON.stringify(value);
const body = Buffer.from(text);
const right = signBody({ body, key: pair.privateKey });

function explain(given: { body?: Uint8Array | string; sign?: string; keys?: readonly ExplainedKey[] }) {
  const bytes = typeof given.body === 'string' ? Buffer.from(given.body) : (given.body ?? body);
  return explainSignature({ body: bytes, sign: given.sign ?? right, keys: given.keys ?? [second, entry] });
}

const codes = (findings: readonly SignatureFinding[]): string[] => findings.map(({ code }) => code);
const signed = (what: string | Uint8Array): string => signBody({ body: what, key: pair.privateKey });

test('a right signature is accepted, and shown byte for byte', () => {
  const explanation = explain({});
  assert.equal(explanation.isAccepted, true);
  assert.deepEqual(explanation.findings, []);
  assert.equal(explanation.signedBy?.label, 'main');
  assert.equal(explanation.signedDigest, createHash('sha1').update(body).digest('hex'));
  assert.equal(explanation.body.bytes, body.length);
  assert.equal(explanation.body.head.replaceAll(' ', ''), body.subarray(0, 24).toString('hex'));
  assert.ok(explanation.body.tail.endsWith('7d'));
});

test('what was signed instead of the sent bytes is named', () => {
  const ascii = (given: string) =>
    given.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const spaced = `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${JSON.stringify(member)}`)
    .join(', ')}}`;
  const cases: readonly (readonly [sent: string | Uint8Array, signedText: string | Uint8Array, variant: string])[] = [
    [`${text}\n`, text, 'line_break_missing'],
    [text, `${text}\n`, 'line_break_added'],
    [` ${text} `, text, 'spaces_trimmed'],
    [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]), text, 'bom_missing'],
    [text.replaceAll(',', ',\r\n'), text.replaceAll(',', ',\n'), 'line_breaks_unix'],
    [spaced, text, 'json_compact'],
    [text, spaced, 'json_python'],
    [text, ascii(spaced), 'json_python_ascii'],
    [text, ascii(text.replaceAll('/', '\\/')), 'json_php'],
    [text, ascii(text), 'json_php_slashes'],
    [text, text.replaceAll('/', '\\/'), 'json_php_unicode'],
    [text, JSON.stringify(value, null, 4), 'json_pretty'],
    [text, createHash('sha1').update(text).digest('hex'), 'hex_digest'],
    [text, body.toString('base64'), 'base64_body'],
    [text, '', 'empty'],
    [text, Object.values(value).join(''), 'values_joined'],
  ];
  for (const [sent, signedText, variant] of cases) {
    const { isAccepted, findings } = explain({ body: sent, sign: signed(signedText) });
    assert.equal(isAccepted, false);
    assert.deepEqual(findings, [{ code: 'body_variant', label: 'main', digest: 'sha1', variant }], variant);
  }
  assert.deepEqual(codes(explain({ sign: signed('something else') }).findings), ['body_other']);
});

test('a misspelled signature is read all the same, and never accepted', () => {
  const plus = signed(findText((one) => /\+/.test(one) && /\//.test(one)));
  const sent = findText((one) => /\+/.test(one) && /\//.test(one));
  const cases: readonly (readonly [string, string])[] = [
    [plus.replace(/.{64}/g, '$&\n'), 'line_breaks'],
    [plus.replaceAll('/', '\\/'), 'json_escaped'],
    [`"${plus}"`, 'quotes'],
    [encodeURIComponent(plus), 'url_encoded'],
    [plus.replaceAll('+', ' '), 'plus_lost'],
    [` ${plus}`, 'spaces'],
    [Buffer.from(plus, 'base64').toString('hex'), 'hex'],
    [Buffer.from(plus, 'base64').toString('base64url'), 'base64url'],
    [plus.replaceAll('=', ''), 'padding_missing'],
    [Buffer.from(plus).toString('base64'), 'encoded_twice'],
  ];
  for (const [sign, spelling] of cases) {
    const explanation = explain({ body: sent, sign });
    assert.deepEqual(explanation.findings, [{ code: 'sign_spelling', spelling }], spelling);
    assert.deepEqual([explanation.isAccepted, explanation.signedBy?.label], [false, 'main']);
  }
  assert.deepEqual(codes(explain({ sign: 'подпись' }).findings), ['sign_not_base64']);
  assert.deepEqual(codes(explain({ sign: '' }).findings), ['sign_missing']);
});

/** An order whose signature has what a case needs. */
function findText(fits: (sign: string) => boolean): string {
  for (let count = 0; ; count += 1) if (fits(signed(`{"order_id":"${count}"}`))) return `{"order_id":"${count}"}`;
}

test('the wrong key, digest and padding are told apart', () => {
  const by = (sign: string, keys?: readonly ExplainedKey[]) =>
    codes(explain(keys === undefined ? { sign } : { sign, keys }).findings);
  assert.deepEqual(by(signBody({ body, key: other.privateKey }), [entry]), ['key_unknown']);
  assert.deepEqual(by(signBody({ body, key: long.privateKey })), ['length_wrong']);
  assert.deepEqual(by(right.slice(0, 100)), ['length_wrong']);
  assert.deepEqual(by(signBody({ body, key: pair.privateKey, digest: 'sha256' })), ['digest_refused']);
  assert.deepEqual(
    by(signBody({ body, key: pair.privateKey, digest: 'sha256' }), [{ ...entry, digestRule: 'any' }]),
    [],
  );
  assert.deepEqual(by(right, [{ ...entry, digestRule: 'sha256' }]), ['digest_refused']);
  assert.deepEqual(by(right, [{ ...entry, state: 'retired' }]), ['key_retired']);
  assert.deepEqual(by(right, [{ ...entry, state: 'expired' }]), ['key_expired']);
  assert.deepEqual(by(right, [{ ...entry, key: curve.publicKey }]), ['no_keys']);
  const pss = { key: pair.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
  assert.deepEqual(by(signWith('sha1', body, pss).toString('base64')), ['padding_pss']);
  assert.deepEqual(by(signWith('md5', body, pair.privateKey).toString('base64')), ['digest_unsupported']);
  const bare = privateEncrypt(pair.privateKey, createHash('sha1').update(body).digest());
  assert.deepEqual(by(bare.toString('base64')), ['digest_bare']);
});

test('every finding has a sentence in both languages', () => {
  const findings = [
    ...explain({ sign: signed(`${text}\n`) }).findings,
    ...explain({ sign: ` ${right}` }).findings,
    ...explain({ sign: signBody({ body, key: other.privateKey }), keys: [entry] }).findings,
  ];
  assert.equal(findings.length, 3);
  for (const finding of findings) {
    assert.match(describeFinding(finding, 'en'), /^[A-Z].*\.$/);
    assert.match(describeFinding(finding, 'ru'), /^[А-Я].*\.$/);
  }
});
