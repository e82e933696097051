import { decodeCanonicalBase64, verifyRequestV2 } from '@vyplata/sdk/signature';
import type { Problem, ProblemCode } from '../core/problem.ts';
import { isAddressIn } from '../core/network.ts';
import type { AuthNeeds, Authenticated, SignedRequest } from './signed-request.ts';

/** How far a signed time may be away from our clock. */
const windowSeconds = 300;
const timeForm = /^[1-9]\d{9}$/;
const nonceForm = /^[A-Za-z0-9_-]{16,64}$/;
const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function hasSignatureV2(rawHeaders: readonly string[]): boolean {
  return valuesOf(rawHeaders, 'signature-v2').length > 0;
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}

type Headers = { account: string; signature: string; time: string; nonce: string };

function readHeaders(rawHeaders: readonly string[], problems: Problem[]): Headers {
  const read = (
    name: string,
    codes: { wrong: ProblemCode; repeated: ProblemCode },
    form: RegExp | undefined,
  ): string => {
    const [value = '', ...more] = valuesOf(rawHeaders, name);
    const field = name === 'account' ? 'account' : 'sign';
    const values = { seconds: windowSeconds };
    if (more.length > 0) problems.push({ code: codes.repeated, field, values });
    else if (form !== undefined && !form.test(value)) problems.push({ code: codes.wrong, field, values });
    return value;
  };
  const headers = {
    account: read('account', { wrong: 'account_not_uuid', repeated: 'account_repeated' }, uuidForm),
    signature: read('signature-v2', { wrong: 'sign_not_base64', repeated: 'sign_repeated' }, undefined),
    time: read('signature-time', { wrong: 'sign_time_wrong', repeated: 'sign_time_wrong' }, timeForm),
    nonce: read('signature-nonce', { wrong: 'sign_nonce_wrong', repeated: 'sign_nonce_wrong' }, nonceForm),
  };
  const isSigned = headers.signature !== '' && decodeCanonicalBase64(headers.signature) !== undefined;
  if (!isSigned) problems.push({ code: 'sign_not_base64', field: 'sign' });
  return headers;
}

/**
 * Verifies the second scheme: the signature covers method, path, account, time and nonce beside the body, so a captured
 * request is worth nothing at another place, later, or a second time.
 */
export async function authenticateV2(needs: AuthNeeds, request: SignedRequest): Promise<Authenticated> {
  const problems: Problem[] = [];
  const headers = readHeaders(request.rawHeaders, problems);
  const timeSeconds = Number(headers.time);
  const isNear = Math.abs(Date.now() / 1000 - timeSeconds) <= windowSeconds;
  if (timeForm.test(headers.time) && !isNear) {
    problems.push({ code: 'sign_time_wrong', field: 'sign', values: { seconds: windowSeconds } });
  }
  if (problems.length > 0) return { ok: false, problems };
  const account = await needs.directory.findAccount(headers.account);
  const { method, path, body } = request;
  const parts = { method, path, body, timeSeconds, account: headers.account, nonce: headers.nonce };
  const found = account?.keys.find(({ key }) => verifyRequestV2(parts, { base64: headers.signature, key }));
  if (account === undefined || found === undefined) {
    return refuse({ code: 'account_unknown', field: 'account' }, { code: 'sign_wrong', field: 'sign' });
  }
  // An account that did not choose this scheme is not served by it either: what signs it never agreed to.
  if (account.signatureRule === 'v1') return refuse({ code: 'sign_missing', field: 'sign' });
  if (account.networks.length > 0 && !isAddressIn(account.networks, request.address())) {
    return refuse({ code: 'address_not_allowed', field: 'request' });
  }
  // Last: only who can sign fills the memory of nonces.
  const nonce = await needs.nonces.take({ merchantId: account.merchantId, nonce: headers.nonce });
  if (nonce === 'used') return refuse({ code: 'sign_nonce_used', field: 'sign' });
  if (nonce === 'unknown') return refuse({ code: 'unavailable_now', field: 'request' });
  needs.directory.noteKeyUse(account.merchantId, found.keyId);
  return { ok: true, account };
}

function refuse(...problems: Problem[]): Authenticated {
  return { ok: false, problems };
}
