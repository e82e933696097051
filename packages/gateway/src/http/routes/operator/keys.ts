import { readMerchant } from '../../../merchants/enroll.ts';
import { generateKey, listKeys, retireKey, updateKey, uploadKey } from '../../../merchants/keys.ts';
import { pageAnswer } from '../../schemas/operator/fields.ts';
import {
  keyAnswer,
  keyChangeBody,
  keyParams,
  merchantParams,
  newKeyAnswer,
  newKeyBody,
  uploadedKeyBody,
  writeKey,
} from '../../schemas/operator/merchants.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameMerchant, toDetail } from './subject.ts';

export const keyRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'key.list',
    path: '/merchants/{merchant_id}/keys',
    role: 'viewer',
    summary: 'Payouts certificates of a merchant, active ones first',
    params: merchantParams,
    answer: pageAnswer(keyAnswer),
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      return { items: (await listKeys(db, params.merchant_id)).map(writeKey), next_cursor: null };
    },
  }),
  defineChange({
    name: 'key.upload',
    method: 'POST',
    path: '/merchants/{merchant_id}/keys',
    role: 'operator',
    summary: 'Accept a public key that the merchant made',
    takesTwo: true,
    params: merchantParams,
    body: uploadedKeyBody,
    answer: keyAnswer,
    status: 201,
    async handle({ tx }, { params, body }) {
      const key = await uploadKey(tx, {
        merchantId: params.merchant_id,
        publicPem: body.public_pem,
        digestRule: body.digest_rule,
        expiresAt: body.expires_at,
      });
      const detail = { key_id: key.keyId.toString(), fingerprint: key.fingerprint, digest_rule: key.digestRule };
      return { answer: writeKey(key), subject: nameMerchant(params.merchant_id), detail };
    },
  }),
  defineChange({
    name: 'key.generate',
    method: 'POST',
    path: '/merchants/{merchant_id}/keys/generate',
    role: 'operator',
    summary: 'Make a key pair; its archive is in this answer only',
    takesTwo: true,
    params: merchantParams,
    body: newKeyBody,
    answer: newKeyAnswer,
    status: 201,
    async handle({ tx }, { params, body }) {
      const { key, archive } = await generateKey(tx, {
        merchantId: params.merchant_id,
        digestRule: body.digest_rule,
        expiresAt: body.expires_at,
      });
      const detail = { key_id: key.keyId.toString(), fingerprint: key.fingerprint, digest_rule: key.digestRule };
      const zip = Buffer.from(archive.zip).toString('base64');
      return { answer: { key: writeKey(key), archive: zip }, subject: nameMerchant(params.merchant_id), detail };
    },
  }),
  defineChange({
    name: 'key.update',
    method: 'PATCH',
    path: '/merchants/{merchant_id}/keys/{key_id}',
    role: 'operator',
    summary: 'Set which digests a key may use and when it expires',
    takesTwo: true,
    params: keyParams,
    body: keyChangeBody,
    answer: keyAnswer,
    async handle({ tx }, { params, body }) {
      const { merchant_id: merchantId, key_id: keyId } = params;
      const key = await updateKey(tx, {
        merchantId,
        keyId,
        digestRule: body.digest_rule,
        expiresAt: body.expires_at,
      });
      const detail = { key_id: keyId.toString(), ...toDetail(body) };
      return { answer: writeKey(key), subject: nameMerchant(merchantId), detail };
    },
  }),
  defineChange({
    name: 'key.retire',
    method: 'POST',
    path: '/merchants/{merchant_id}/keys/{key_id}/retire',
    role: 'operator',
    summary: 'Refuse a key for ever',
    params: keyParams,
    answer: keyAnswer,
    async handle({ tx }, { params }) {
      const key = await retireKey(tx, { merchantId: params.merchant_id, keyId: params.key_id });
      const detail = { key_id: key.keyId.toString(), fingerprint: key.fingerprint };
      return { answer: writeKey(key), subject: nameMerchant(params.merchant_id), detail };
    },
  }),
];
