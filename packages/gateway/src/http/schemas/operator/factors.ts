import { z } from 'zod';
import { passwordLengthMax } from '../../../operators/hash-password.ts';
import type { Factors } from '../../../operators/factors.ts';
import type { Passkey, Site } from '../../../operators/passkeys.ts';
import { idAnswer, idText, momentAnswer, textField, writeMoment } from './fields.ts';

export const codeBody = z.strictObject({ code: z.string().max(40) });
/** A session that was left open must not be enough to change how one signs in. */
export const ownPasswordBody = z.strictObject({ current_password: z.string().max(passwordLengthMax) });

export const factorsAnswer = z
  .object({
    totp: z.boolean().meta({ description: 'A generator of one-time codes is set up' }),
    passkeys: z.int(),
    recovery_codes_left: z.int(),
    is_required: z.boolean(),
  })
  .meta({ id: 'Factors' });

export function writeFactors(factors: Factors, isRequired: boolean): z.input<typeof factorsAnswer> {
  const { hasTotp, passkeys, recoveryCodesLeft } = factors;
  return { totp: hasTotp, passkeys, recovery_codes_left: recoveryCodesLeft, is_required: isRequired };
}

export const totpAnswer = z.object({
  secret: z.string().meta({ description: 'Shown once, in base32, to be typed into a code generator' }),
  uri: z.string().meta({ description: 'The same as a link, for a QR code' }),
});

export const recoveryAnswer = z.object({
  recovery_codes: z
    .array(z.string())
    .nullable()
    .meta({ description: 'Shown once: each signs in once when a factor is lost. Null: the earlier ones stay' }),
});

export const passkeyParams = z.object({ passkey_id: idText });

/** The names inside are the browser's own (WebAuthn level 3, toJSON); what we do not read may be there. */
const bytesField = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/);

export const newPasskeyBody = z.strictObject({
  label: textField({ max: 100 }),
  credential: z.object({
    id: bytesField(1_400),
    type: z.literal('public-key'),
    response: z.object({ clientDataJSON: bytesField(4_000), attestationObject: bytesField(16_000) }),
  }),
});

export const assertionBody = z.strictObject({
  credential: z.object({
    id: bytesField(1_400),
    type: z.literal('public-key'),
    response: z.object({
      clientDataJSON: bytesField(4_000),
      authenticatorData: bytesField(4_000),
      signature: bytesField(2_000),
    }),
  }),
});

/** The form that a browser's toJSON has; what is optional there and unread here is left out. */
export function readRegistration({ credential }: z.output<typeof newPasskeyBody>) {
  return { ...credential, rawId: credential.id, clientExtensionResults: {} };
}

export function readAssertion({ credential }: z.output<typeof assertionBody>) {
  return { ...credential, rawId: credential.id, clientExtensionResults: {} };
}

export const passkeyAnswer = z
  .object({ id: idAnswer, label: z.string(), created_at: momentAnswer, last_used_at: momentAnswer.nullable() })
  .meta({ id: 'Passkey' });

export const newPasskeyAnswer = z.object({ passkey: passkeyAnswer, ...recoveryAnswer.shape });

export function writePasskey(passkey: Passkey): z.input<typeof passkeyAnswer> {
  const { passkeyId, label, createdAt, lastUsedAt } = passkey;
  return {
    id: Number(passkeyId),
    label,
    created_at: writeMoment(createdAt),
    last_used_at: lastUsedAt === null ? null : writeMoment(lastUsedAt),
  };
}

export const ceremonyAnswer = z.object({
  public_key: z.record(z.string(), z.unknown()).meta({
    description: 'For parseCreationOptionsFromJSON or parseRequestOptionsFromJSON of the browser',
  }),
});

const algorithms = [-7, -8, -257];
const credentialOf = (id: string) => ({ type: 'public-key', id });

type Creation = {
  readonly site: Site;
  readonly challenge: string;
  readonly user: { readonly userId: bigint; readonly login: string };
  readonly presentIds: readonly string[];
  readonly timeoutMs: number;
};

/** PublicKeyCredentialCreationOptionsJSON. */
export function writeCreation(input: Creation): z.input<typeof ceremonyAnswer> {
  const { site, challenge, user, presentIds, timeoutMs: timeout } = input;
  const id = Buffer.from(`vyplata:${user.userId}`).toString('base64url');
  return {
    public_key: {
      rp: { id: site.host, name: 'Vyplata' },
      user: { id, name: user.login, displayName: user.login },
      challenge,
      timeout,
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: presentIds.map(credentialOf),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    },
  };
}

/** PublicKeyCredentialRequestOptionsJSON; it names no credential, so that it tells nobody who has one. */
export function writeRequest(
  input: Pick<Creation, 'site' | 'challenge' | 'timeoutMs'>,
): z.input<typeof ceremonyAnswer> {
  const { site, challenge, timeoutMs: timeout } = input;
  return { public_key: { rpId: site.host, challenge, timeout, userVerification: 'required', allowCredentials: [] } };
}
