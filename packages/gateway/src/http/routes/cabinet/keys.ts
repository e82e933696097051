import { createPublicKey } from 'node:crypto';
import { explainSignature, type ExplainedKey } from '@vyplata/sdk/explain-signature';
import { z } from 'zod';
import { Refusal } from '../../../core/problem.ts';
import { revealWebhookSecret } from '../../../merchants/enroll.ts';
import { generateKey, listKeys, type MerchantKey, retireKey, uploadKey } from '../../../merchants/keys.ts';
import { listNotificationKeys } from '../../../merchants/notification-keys.ts';
import { explainBody, explanationAnswer, writeExplanation } from '../../schemas/cabinet/signature.ts';
import { ownPasswordBody } from '../../schemas/operator/factors.ts';
import { idText, pageAnswer } from '../../schemas/operator/fields.ts';
import {
  keyAnswer,
  newKeyAnswer,
  newKeyBody,
  notificationKeyAnswer,
  secretAnswer,
  uploadedKeyBody,
  writeKey,
  writeNotificationKey,
} from '../../schemas/operator/merchants.ts';
import { provePassword } from '../operator/factors.ts';
import { defineChange, defineRead, type OperatorRoute, readingByPost } from '../operator/route.ts';
import { nameMerchant } from '../operator/subject.ts';
import { merchantOf } from './own.ts';

const role = 'merchant';
const detailOf = (key: MerchantKey) => ({
  key_id: key.keyId.toString(),
  fingerprint: key.fingerprint,
  digest_rule: key.digestRule,
});

/** A new key can order payouts, so a session that was left open is not enough: it takes the password. */
export const ownKeyRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'key.list',
    path: '/keys',
    role,
    summary: 'The merchant’s payouts certificates, active ones first',
    answer: pageAnswer(keyAnswer),
    async handle({ db }, call) {
      return { items: (await listKeys(db, merchantOf(call))).map(writeKey), next_cursor: null };
    },
  }),
  defineChange({
    name: 'key.upload',
    method: 'POST',
    path: '/keys',
    role,
    summary: 'Accept a public key that one made oneself',
    body: uploadedKeyBody.extend(ownPasswordBody.shape),
    answer: keyAnswer,
    status: 201,
    prove: provePassword,
    async handle({ tx }, call) {
      const merchantId = merchantOf(call);
      const { public_pem: publicPem, digest_rule: digestRule, expires_at: expiresAt } = call.body;
      const key = await uploadKey(tx, { merchantId, publicPem, digestRule, expiresAt });
      return { answer: writeKey(key), subject: nameMerchant(merchantId), detail: detailOf(key) };
    },
  }),
  defineChange({
    name: 'key.generate',
    method: 'POST',
    path: '/keys/generate',
    role,
    summary: 'Make a key pair; its archive is in this answer only',
    body: newKeyBody.extend(ownPasswordBody.shape),
    answer: newKeyAnswer,
    status: 201,
    prove: provePassword,
    async handle({ tx }, call) {
      const merchantId = merchantOf(call);
      const { digest_rule: digestRule, expires_at: expiresAt } = call.body;
      const { key, archive } = await generateKey(tx, { merchantId, digestRule, expiresAt });
      const zip = Buffer.from(archive.zip).toString('base64');
      return { answer: { key: writeKey(key), archive: zip }, subject: nameMerchant(merchantId), detail: detailOf(key) };
    },
  }),
  defineChange({
    name: 'key.retire',
    method: 'POST',
    path: '/keys/{key_id}/retire',
    role,
    summary: 'Refuse a key for ever',
    params: z.object({ key_id: idText }),
    answer: keyAnswer,
    async handle({ tx }, call) {
      const merchantId = merchantOf(call);
      const key = await retireKey(tx, { merchantId, keyId: call.params.key_id });
      return { answer: writeKey(key), subject: nameMerchant(merchantId), detail: detailOf(key) };
    },
  }),
  defineRead({
    name: 'notification_key.list',
    path: '/notification-keys',
    role,
    summary: 'Public keys that verify notifications, the active one first',
    answer: pageAnswer(notificationKeyAnswer),
    async handle({ db }, call) {
      const keys = await listNotificationKeys(db, merchantOf(call));
      return { items: keys.map(writeNotificationKey), next_cursor: null };
    },
  }),
  defineChange({
    name: 'webhook_secret.reveal',
    method: 'POST',
    path: '/webhook-secret/reveal',
    role,
    summary: 'Show the secret that signs notifications to URLs of orders',
    answer: secretAnswer,
    async handle(needs, call) {
      const merchantId = merchantOf(call);
      const secret = await revealWebhookSecret(needs, merchantId);
      return { answer: { secret }, subject: nameMerchant(merchantId) };
    },
  }),
  readingByPost(
    defineRead({
      name: 'signature.explain',
      path: '/signature/explain',
      role,
      summary: 'Say what was verified of a signed request, and what likely went wrong; nothing of it is kept',
      body: explainBody,
      answer: explanationAnswer,
      async handle({ db }, call) {
        const { body, sign, key_id: keyId } = call.body;
        const all = await listKeys(db, merchantOf(call));
        const chosen = keyId === undefined ? all : all.filter((key) => key.keyId === keyId);
        if (keyId !== undefined && chosen.length === 0) {
          throw new Refusal([{ code: 'record_unknown', field: 'key_id' }]);
        }
        const keys = chosen.map(toExplained);
        const explanation = explainSignature({ body: Buffer.from(body, 'base64'), sign, keys });
        const signer = chosen.find(({ fingerprint }) => fingerprint === explanation.signedBy?.fingerprint);
        return writeExplanation(explanation, { keyId: signer?.keyId, language: call.language });
      },
    }),
  ),
];

function toExplained(key: MerchantKey): ExplainedKey {
  const isExpired = key.expiresAt !== null && key.expiresAt.getTime() <= Date.now();
  return {
    label: `${key.keyId}: ${key.fingerprint.slice(0, 16)}`,
    key: createPublicKey(key.publicPem),
    digestRule: key.digestRule,
    state: key.state === 'retired' ? 'retired' : isExpired ? 'expired' : 'active',
  };
}
