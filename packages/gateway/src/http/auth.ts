import { decodeCanonicalBase64 } from '@vyplata/sdk/signature';
import type { Problem } from '../core/problem.ts';
import type { KeyEntry } from '../merchants/directory.ts';
import { isAddressIn } from '../core/network.ts';
import { authenticateV2, hasSignatureV2 } from './auth-v2.ts';
import type { AuthNeeds, Authenticated, SignedRequest } from './signed-request.ts';
import type { Verifier } from './verify-signatures.ts';

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Finds the account of a request and verifies `Sign` over the received bytes with any active key of its merchant.
 * An account that does not exist and one that belongs to somebody else get the same answer: nobody learns from it which
 * accounts there are.
 */
export async function authenticate(needs: AuthNeeds, request: SignedRequest): Promise<Authenticated> {
  const problems: Problem[] = [];
  const accountId = readHeader(request.rawHeaders, 'account', problems);
  const sign = readHeader(request.rawHeaders, 'sign', problems);
  if (accountId !== undefined && !uuidForm.test(accountId))
    problems.push({ code: 'account_not_uuid', field: 'account' });
  const signature = sign === undefined ? undefined : decodeCanonicalBase64(sign);
  if (sign !== undefined && signature === undefined) problems.push({ code: 'sign_not_base64', field: 'sign' });
  if (problems.length > 0 || accountId === undefined || signature === undefined) {
    return hasSignatureV2(request.rawHeaders) ? authenticateV2(needs, request) : { ok: false, problems };
  }
  const account = await needs.directory.findAccount(accountId);
  // Accounts of the first scheme, which is nearly all of them, pay one comparison for the second.
  if (account !== undefined && account.signatureRule !== 'v1' && hasSignatureV2(request.rawHeaders)) {
    return authenticateV2(needs, request);
  }
  const signed = { body: request.body, sign: signature };
  const verdict = await findKey(needs.verifier, account?.keys ?? [], signed);
  if (account === undefined || verdict === 'wrong') {
    return {
      ok: false,
      problems: [
        { code: 'account_unknown', field: 'account' },
        { code: 'sign_wrong', field: 'sign' },
      ],
    };
  }
  if (verdict === 'digest') return { ok: false, problems: [{ code: 'sign_digest_refused', field: 'sign' }] };
  if (account.signatureRule === 'v2') return { ok: false, problems: [{ code: 'sign_v2_needed', field: 'sign' }] };
  // After the signature: a stranger learns nothing about who may come from where.
  if (account.networks.length > 0 && !isAddressIn(account.networks, request.address())) {
    return { ok: false, problems: [{ code: 'address_not_allowed', field: 'request' }] };
  }
  needs.directory.noteKeyUse(account.merchantId, verdict.keyId);
  return { ok: true, account };
}

function readHeader(rawHeaders: readonly string[], name: 'account' | 'sign', problems: Problem[]): string | undefined {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at];
    if (header?.length === name.length && header.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '');
  }
  const [value] = values;
  if (values.length > 1) problems.push({ code: name === 'sign' ? 'sign_repeated' : 'account_repeated', field: name });
  else if (value === undefined || value === '') {
    problems.push({ code: name === 'sign' ? 'sign_missing' : 'account_missing', field: name });
  } else return value;
  return undefined;
}

/** The key that verifies; `digest`: right key, but its setting refuses the digest that was used. */
async function findKey(
  verifier: Verifier,
  keys: readonly KeyEntry[],
  signed: { readonly body: Uint8Array; readonly sign: Uint8Array },
): Promise<KeyEntry | 'wrong' | 'digest'> {
  let isOtherDigest = false;
  for (const entry of keys) {
    if (!entry.isRsa) continue;
    for (const digest of ['sha1', 'sha256'] as const) {
      if (!(await verifier.verify({ ...signed, key: entry.key, digest }))) continue;
      if (entry.digestRule === 'any' || entry.digestRule === digest) return entry;
      isOtherDigest = true;
    }
  }
  return isOtherDigest ? 'digest' : 'wrong';
}
