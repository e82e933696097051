import { z } from 'zod';
import type { Balance, PostingLine } from '../../../ledger/read.ts';
import type { Account } from '../../../merchants/accounts.ts';
import type { ServiceEntry } from '../../../merchants/directory.ts';
import { formatMinor } from '../../../core/money.ts';
import {
  accountIdAnswer,
  accountIdText,
  amountAnswer,
  amountWriter,
  idAnswer,
  livenessField,
  momentAnswer,
  notificationMethodField,
  writeMoment,
} from '../operator/fields.ts';

export const ownAccountParams = z.object({ account_id: accountIdText });

export const ownAccountAnswer = z
  .object({
    id: accountIdAnswer,
    currency: z.string(),
    name: z.string(),
    state: livenessField,
    mode: z.enum(['live', 'sandbox']),
    notification_method: notificationMethodField,
    signature_rule: z.enum(['v1', 'v1_or_v2', 'v2']),
    created_at: momentAnswer,
  })
  .meta({ id: 'OwnAccount' });

export function writeOwnAccount(account: Account): z.input<typeof ownAccountAnswer> {
  return {
    id: account.accountId,
    currency: account.currency,
    name: account.name,
    state: account.state,
    mode: account.mode,
    notification_method: account.notificationMethod,
    signature_rule: account.signatureRule,
    created_at: writeMoment(account.createdAt),
  };
}

export const ownBalanceAnswer = z
  .object({
    currency: z.string(),
    available: amountAnswer.meta({ description: 'What can be spent now' }),
    pending: amountAnswer.meta({ description: 'Reserved for payouts that are not final, commission included' }),
    frozen: amountAnswer,
    reserve: amountAnswer,
    receivable: amountAnswer.meta({ description: 'What the account owes; zero or negative' }),
  })
  .meta({ id: 'OwnBalance' });

export function writeOwnBalance(balance: Balance, currency: string): z.input<typeof ownBalanceAnswer> {
  const write = amountWriter(currency);
  return {
    currency,
    available: write(balance.availableMinor),
    pending: write(balance.heldMinor + balance.clearingMinor),
    frozen: write(balance.frozenMinor),
    reserve: write(balance.reserveMinor),
    receivable: write(balance.receivableMinor),
  };
}

export const ownPostingAnswer = z
  .object({
    id: idAnswer,
    kind: z.string(),
    payout_id: idAnswer.nullable(),
    change: amountAnswer.meta({ description: 'What it did to the amount that can be spent' }),
    available_after: amountAnswer,
    created_at: momentAnswer,
  })
  .meta({ id: 'OwnPosting' });

export function writeOwnPosting(posting: PostingLine, currency: string): z.input<typeof ownPostingAnswer> {
  const write = amountWriter(currency);
  return {
    id: Number(posting.postingId),
    kind: posting.kind,
    payout_id: posting.payoutId === null ? null : Number(posting.payoutId),
    change: write(posting.availableMinor),
    available_after: write(posting.availableAfterMinor),
    created_at: writeMoment(posting.createdAt),
  };
}

export const ownServiceAnswer = z
  .object({
    service_code: z.string(),
    names: z.object({ en: z.string(), ru: z.string() }),
    recipient_kind: z.string(),
    enabled: z.boolean(),
    min: amountAnswer,
    max: amountAnswer.nullable(),
    commission: z.object({
      percent: z.string().meta({ examples: ['1.5000'] }),
      fixed: amountAnswer,
      min: amountAnswer,
      max: amountAnswer.nullable(),
      bearer: z.enum(['account', 'recipient']),
    }),
  })
  .meta({ id: 'OwnService' });

export function writeOwnService(entry: ServiceEntry): z.input<typeof ownServiceAnswer> {
  const { service, commission } = entry;
  const write = amountWriter(service.currency);
  return {
    service_code: service.code,
    names: service.names,
    recipient_kind: service.recipientKind,
    enabled: entry.enabled,
    min: write(entry.minMinor),
    max: write(entry.maxMinor),
    commission: {
      percent: formatMinor(BigInt(commission.percentPpm), 4),
      fixed: write(commission.fixedMinor),
      min: write(commission.minMinor),
      max: write(commission.maxMinor),
      bearer: commission.bearer,
    },
  };
}
