import { describeFinding, type SignatureExplanation } from '@vyplata/sdk/explain-signature';
import { z } from 'zod';
import type { Language } from '../../errors.ts';
import { idText } from '../operator/fields.ts';

export const explainBody = z.strictObject({
  body: z
    .base64()
    .max(24_000)
    .meta({ description: 'The exact bytes that were sent, in base64: text would not keep an invisible line break' }),
  sign: z.string().max(4_096).meta({ description: 'The Sign header as it was sent' }),
  key_id: idText.optional().meta({ description: 'One key to verify with; all of them when absent' }),
});

export const explanationAnswer = z
  .object({
    is_accepted: z.boolean(),
    key_id: z.int().nullable().meta({ description: 'The key that made the signature, right or not' }),
    fingerprint: z.string().nullable(),
    digest: z.string().nullable().meta({ description: 'Read from the signature' }),
    signed_digest: z.string().nullable().meta({ description: 'What the signer computed, hex' }),
    body: z.object({
      bytes: z.int(),
      sha1: z.string(),
      sha256: z.string(),
      head: z.string().meta({ description: 'The first bytes, hex' }),
      tail: z.string().meta({ description: 'The last bytes, hex' }),
    }),
    findings: z
      .array(z.object({ code: z.string(), detail: z.record(z.string(), z.unknown()), text: z.string() }))
      .meta({ description: 'What likely went wrong; empty when it is accepted' }),
  })
  .meta({ id: 'SignatureExplanation' });

export function writeExplanation(
  explanation: SignatureExplanation,
  { keyId, language }: { readonly keyId: bigint | undefined; readonly language: Language },
): z.input<typeof explanationAnswer> {
  const { signedBy, findings } = explanation;
  return {
    is_accepted: explanation.isAccepted,
    key_id: keyId === undefined ? null : Number(keyId),
    fingerprint: signedBy?.fingerprint ?? null,
    digest: signedBy?.digest ?? null,
    signed_digest: explanation.signedDigest,
    body: explanation.body,
    findings: findings.map((finding) => {
      const { code, ...detail } = finding;
      return { code, detail, text: describeFinding(finding, language) };
    }),
  };
}
