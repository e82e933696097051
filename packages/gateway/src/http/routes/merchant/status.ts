import { findCurrency } from '../../../core/currency.ts';
import { formatMinor } from '../../../core/money.ts';
import { isFinal } from '../../../core/payout.ts';
import { findStatus, type Lookup, type Needs } from '../../../payouts/status.ts';
import type { StoredPayout } from '../../../payouts/store.ts';
import { type Answer, answerOk, answerRefusal, createdHeader } from '../../answer.ts';
import { readLookup } from '../../schemas/lookup.ts';
import type { MerchantRequest } from './request.ts';

/** `POST /v1/payout/status`: by `order_id`, by `id`, or by both when they agree. */
export async function showStatus(needs: Needs, request: MerchantRequest): Promise<Answer> {
  const reading = readLookup(request.json);
  if (!reading.ok) return answerRefusal(reading.problems, request.language);
  const { orderId, id } = reading.lookup;
  const lookup: Lookup = {
    ...(orderId === undefined ? {} : { orderId }),
    ...(id === undefined ? {} : { payoutId: BigInt(id) }),
  };
  const found = await findStatus(needs, { merchantId: request.account.merchantId, lookup });
  switch (found.kind) {
    case 'found':
      return answerOk(JSON.stringify(statusBody(found.payout)));
    case 'absent':
      return found.by === 'id'
        ? answerRefusal([{ code: 'payout_not_found', field: 'id' }], request.language)
        : // The probe made it certain: no create of this order_id that was sent before can commit any more.
          answerRefusal([{ code: 'order_not_found', field: 'order_id' }], request.language, { [createdHeader]: 'no' });
    case 'disagree':
      return answerRefusal(
        [
          { code: 'lookup_disagrees', field: 'order_id' },
          { code: 'lookup_disagrees', field: 'id' },
        ],
        request.language,
      );
    default:
      return found satisfies never;
  }
}

/** The documented answer, its keys in the documented order. */
function statusBody(payout: StoredPayout): object {
  const digits = findCurrency(payout.currency)?.digits ?? 2;
  const format = (minor: bigint): string => formatMinor(minor, digits);
  const figures = figuresOf(payout);
  return {
    payment_status: isFinal(payout.state) ? payout.state : 'wait',
    id: Number(payout.payoutId),
    order_id: payout.orderId,
    amount: format(payout.amountMinor),
    payment_amount: format(figures.paidMinor),
    is_partial_payment: payout.state === 'paid' && figures.paidMinor < payout.charge.dueMinor,
    account_payment_amount: format(figures.debitMinor),
    commission_amount: format(figures.commissionMinor),
    service_code: payout.serviceCode,
    ...(payout.recipientKind === 'card' && payout.recipientMask !== '' ? { card_mask: payout.recipientMask } : {}),
    ...(payout.rrn === undefined ? {} : { RRN: payout.rrn }),
    account_old_balance: format(payout.oldAvailableMinor),
    account_new_balance: format(payout.oldAvailableMinor - figures.debitMinor),
    ...(payout.failReason === undefined ? {} : { fail_reason: payout.failReason }),
  };
}

/** What the recipient got and what left the account: while `wait` what is held, on `fail` and `cancel` nothing. */
function figuresOf(payout: StoredPayout): { paidMinor: bigint; commissionMinor: bigint; debitMinor: bigint } {
  if (!isFinal(payout.state)) return { ...payout.charge, paidMinor: 0n };
  const paidMinor = payout.finalPaidMinor ?? 0n;
  const commissionMinor = payout.finalCommissionMinor ?? 0n;
  return { paidMinor, commissionMinor, debitMinor: paidMinor + commissionMinor };
}
