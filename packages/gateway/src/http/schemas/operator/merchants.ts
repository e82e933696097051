import { z } from 'zod';
import { endpointUrlMax } from '../../../core/endpoint-url.ts';
import type { PostingLine } from '../../../ledger/read.ts';
import type { Account } from '../../../merchants/accounts.ts';
import type { Endpoint } from '../../../merchants/endpoints.ts';
import type { Merchant } from '../../../merchants/enroll.ts';
import type { MerchantKey } from '../../../merchants/keys.ts';
import type { NotificationKey } from '../../../merchants/notification-keys.ts';
import {
  accountIdAnswer,
  accountIdText,
  amountAnswer,
  amountText,
  amountWriter,
  endpointIdText,
  idAnswer,
  idText,
  livenessField,
  longTextField,
  momentAnswer,
  momentText,
  notificationMethodField,
  pageQuery,
  textField,
  writeMoment,
} from './fields.ts';

export const merchantParams = z.object({ merchant_id: idText });
export const accountParams = z.object({ merchant_id: idText, account_id: accountIdText });
export const keyParams = z.object({ merchant_id: idText, key_id: idText });
export const endpointParams = z.object({ merchant_id: idText, endpoint_id: endpointIdText });
export const listQuery = z.strictObject(pageQuery);

export const newMerchantBody = z.strictObject({ name: textField({ max: 200 }) });
export const merchantChangeBody = z.strictObject({
  name: textField({ max: 200 }).optional(),
  state: livenessField.optional(),
});

export const merchantAnswer = z
  .object({ id: idAnswer, name: z.string(), state: livenessField, created_at: momentAnswer })
  .meta({ id: 'Merchant' });

export function writeMerchant(merchant: Merchant): z.input<typeof merchantAnswer> {
  const { merchantId, name, state, createdAt } = merchant;
  return { id: Number(merchantId), name, state, created_at: writeMoment(createdAt) };
}

export const secretAnswer = z.object({
  secret: z.string().meta({ description: 'For verifying the Standard Webhooks signature', examples: ['whsec_…'] }),
});

const signatureRuleField = z.enum(['v1', 'v1_or_v2', 'v2']);
export const signatureRuleBody = z.strictObject({ signature_rule: signatureRuleField });

const modeField = z.enum(['live', 'sandbox']);

export const newAccountBody = z.strictObject({
  currency: z.string().max(3),
  mode: modeField,
  account_id: accountIdText.optional().meta({ description: 'A fresh random UUID when absent' }),
  name: textField({ min: 0, max: 200 }).optional(),
  notification_method: notificationMethodField.optional(),
});

export const accountChangeBody = z.strictObject({
  name: textField({ min: 0, max: 200 }).optional(),
  state: livenessField.optional(),
  notification_method: notificationMethodField.optional(),
});

export const accountAnswer = z
  .object({
    id: accountIdAnswer,
    merchant_id: idAnswer,
    currency: z.string(),
    name: z.string(),
    state: livenessField,
    mode: modeField,
    notification_method: notificationMethodField,
    signature_rule: signatureRuleField,
    created_at: momentAnswer,
  })
  .meta({ id: 'Account' });

export function writeAccount(account: Account): z.input<typeof accountAnswer> {
  return {
    id: account.accountId,
    merchant_id: Number(account.merchantId),
    currency: account.currency,
    name: account.name,
    state: account.state,
    mode: account.mode,
    notification_method: account.notificationMethod,
    signature_rule: account.signatureRule,
    created_at: writeMoment(account.createdAt),
  };
}

const ledgerAmounts = {
  available: amountAnswer,
  held: amountAnswer,
  clearing: amountAnswer,
  frozen: amountAnswer,
  reserve: amountAnswer,
  receivable: amountAnswer,
  paid: amountAnswer,
  commission: amountAnswer,
  funding: amountAnswer,
};

type Amounts = Pick<PostingLine, `${keyof typeof ledgerAmounts}Minor`>;

function writeAmounts(amounts: Amounts, currency: string) {
  const write = amountWriter(currency);
  return {
    available: write(amounts.availableMinor),
    held: write(amounts.heldMinor),
    clearing: write(amounts.clearingMinor),
    frozen: write(amounts.frozenMinor),
    reserve: write(amounts.reserveMinor),
    receivable: write(amounts.receivableMinor),
    paid: write(amounts.paidMinor),
    commission: write(amounts.commissionMinor),
    funding: write(amounts.fundingMinor),
  };
}

export const balanceAnswer = z.object({ currency: z.string(), ...ledgerAmounts }).meta({
  id: 'Balance',
  description: 'What can be spent is available; held and clearing are reserved for payouts that are not final',
});

export function writeBalance(balance: Amounts, currency: string): z.input<typeof balanceAnswer> {
  return { currency, ...writeAmounts(balance, currency) };
}

export const postingAnswer = z
  .object({
    id: idAnswer,
    kind: z.string(),
    payout_id: idAnswer.nullable(),
    connector: z.string().nullable(),
    changes: z.object(ledgerAmounts),
    available_after: amountAnswer,
    actor: z.string(),
    reason: z.string().nullable(),
    created_at: momentAnswer,
  })
  .meta({ id: 'Posting', description: 'The changes sum to zero' });

export function writePosting(posting: PostingLine, currency: string): z.input<typeof postingAnswer> {
  return {
    id: Number(posting.postingId),
    kind: posting.kind,
    payout_id: posting.payoutId === null ? null : Number(posting.payoutId),
    connector: posting.connector,
    changes: writeAmounts(posting, currency),
    available_after: amountWriter(currency)(posting.availableAfterMinor),
    actor: posting.actor,
    reason: posting.reason,
    created_at: writeMoment(posting.createdAt),
  };
}

export const movementBody = z.strictObject({
  amount: amountText,
  request_key: textField({ max: 128 }).meta({
    description: 'Chosen by you, unique within the merchant: the same key moves money once, however often it is sent',
  }),
  reason: longTextField({ max: 1_000 }),
});

export const movementAnswer = z.object({
  posting: postingAnswer,
  is_replay: z.boolean().meta({ description: 'This request had been done before; nothing was moved now' }),
});

const digestRuleField = z.enum(['sha1', 'any', 'sha256']);
const expiryField = momentText.nullable().optional();

export const newKeyBody = z.strictObject({ digest_rule: digestRuleField.optional(), expires_at: expiryField });
export const uploadedKeyBody = z.strictObject({
  public_pem: z.string().max(20_000),
  digest_rule: digestRuleField.optional(),
  expires_at: expiryField,
});
export const keyChangeBody = z.strictObject({ digest_rule: digestRuleField.optional(), expires_at: expiryField });

const keyStateField = z.enum(['active', 'retired']);

export const keyAnswer = z
  .object({
    id: idAnswer,
    fingerprint: z.string(),
    public_pem: z.string(),
    digest_rule: digestRuleField,
    state: keyStateField,
    expires_at: momentAnswer.nullable(),
    created_at: momentAnswer,
    retired_at: momentAnswer.nullable(),
    first_used_at: momentAnswer.nullable(),
    last_used_at: momentAnswer.nullable(),
  })
  .meta({ id: 'MerchantKey' });

export const newKeyAnswer = z.object({
  key: keyAnswer,
  archive: z.base64().meta({ description: 'A zip with password.txt, private.pem and public.pem. It is shown once' }),
});

export function writeKey(key: MerchantKey): z.input<typeof keyAnswer> {
  return {
    id: Number(key.keyId),
    fingerprint: key.fingerprint,
    public_pem: key.publicPem,
    digest_rule: key.digestRule,
    state: key.state,
    expires_at: writeMoment(key.expiresAt),
    created_at: writeMoment(key.createdAt),
    retired_at: writeMoment(key.retiredAt),
    first_used_at: writeMoment(key.firstUsedAt),
    last_used_at: writeMoment(key.lastUsedAt),
  };
}

export const notificationKeyAnswer = z
  .object({
    id: idAnswer,
    public_pem: z.string(),
    state: keyStateField,
    created_at: momentAnswer,
    retired_at: momentAnswer.nullable(),
  })
  .meta({ id: 'NotificationKey' });

export function writeNotificationKey(key: NotificationKey): z.input<typeof notificationKeyAnswer> {
  return {
    id: Number(key.keyId),
    public_pem: key.publicPem,
    state: key.state,
    created_at: writeMoment(key.createdAt),
    retired_at: writeMoment(key.retiredAt),
  };
}

/** Judged by the rules of notification URLs, which say more than a length. */
const urlField = z.string().min(1).max(endpointUrlMax);

export const newEndpointBody = z.strictObject({
  url: urlField,
  endpoint_id: z.int().min(1).max(999_999_999).optional().meta({ description: 'The next free number when absent' }),
  name: textField({ min: 0, max: 200 }).optional(),
  method: notificationMethodField.optional(),
  subscribed: z.boolean().optional().meta({ description: 'Told about every final payout of the merchant' }),
});

export const endpointChangeBody = z.strictObject({
  url: urlField.optional(),
  name: textField({ min: 0, max: 200 }).optional(),
  method: notificationMethodField.optional(),
  state: livenessField.optional(),
  subscribed: z.boolean().optional(),
});

export const endpointAnswer = z
  .object({
    id: idAnswer,
    name: z.string(),
    url: z.string(),
    method: notificationMethodField,
    state: livenessField,
    subscribed: z.boolean(),
    created_at: momentAnswer,
  })
  .meta({ id: 'Endpoint' });

export const newEndpointAnswer = z.object({ endpoint: endpointAnswer, secret: z.string() });

export const endpointTestAnswer = z.object({
  status_code: z.int().nullable().meta({ description: 'null: no answer came' }),
  duration_ms: z.int(),
  error: z.string().nullable(),
});

export function writeEndpoint(endpoint: Endpoint): z.input<typeof endpointAnswer> {
  const { endpointId, name, url, method, state, subscribed, createdAt } = endpoint;
  return { id: endpointId, name, url, method, state, subscribed, created_at: writeMoment(createdAt) };
}
