import { JsonNumber, type JsonObject } from '../../../core/json.ts';
import type { Problem } from '../../../core/problem.ts';
import type { Skipped, SkipInput } from '../../../payouts/skip-waits.ts';
import { findStatus, type Needs as StatusNeeds } from '../../../payouts/status.ts';
import { type Answer, answerOk, answerRefusal } from '../../answer.ts';
import { readLookup } from '../../schemas/lookup.ts';
import type { MerchantRequest } from './request.ts';

export type Needs = StatusNeeds & { readonly skipWaits: (input: SkipInput) => Promise<Skipped> };

const secondsMax = 30 * 86_400;

/**
 * `POST /v1/sandbox/advance`: time passes for one payout, or for all that is under way on the account. Without
 * `seconds` as much of it as is needed.
 */
export async function advanceSandbox(needs: Needs, request: MerchantRequest): Promise<Answer> {
  const { account, json, language } = request;
  const refuse = (problems: readonly Problem[]) => answerRefusal(problems, language);
  if (account.mode !== 'sandbox') return refuse([{ code: 'account_not_sandbox', field: 'account' }]);
  const { merchantId, accountId } = account;
  const seconds = readSeconds(json);
  if (seconds === undefined)
    return refuse([{ code: 'sandbox_after_wrong', field: 'seconds', values: { max: secondsMax } }]);
  const isNamed = (json['order_id'] ?? null) !== null || (json['id'] ?? null) !== null;
  let payoutId: bigint | undefined;
  if (isNamed) {
    const reading = readLookup(json);
    if (!reading.ok) return refuse(reading.problems);
    const { orderId, id } = reading.lookup;
    const lookup = {
      ...(orderId === undefined ? {} : { orderId }),
      ...(id === undefined ? {} : { payoutId: BigInt(id) }),
    };
    const found = await findStatus(needs, { merchantId, lookup });
    if (found.kind === 'disagree') return refuse([{ code: 'lookup_disagrees', field: 'id' }]);
    if (found.kind === 'absent' || found.payout.accountId !== accountId) {
      return refuse([
        id === undefined ? { code: 'order_not_found', field: 'order_id' } : { code: 'payout_not_found', field: 'id' },
      ]);
    }
    ({ payoutId } = found.payout);
  }
  const skipped = await needs.skipWaits({ merchantId, accountId, payoutId, byMs: seconds * 1000 });
  return answerOk(JSON.stringify({ advanced_payouts: skipped.payouts, advanced_notifications: skipped.notifications }));
}

function readSeconds(json: JsonObject): number | undefined {
  const value = json['seconds'] ?? null;
  if (value === null) return secondsMax;
  const text = value instanceof JsonNumber ? value.numberText : value;
  if (typeof text !== 'string' || !/^[1-9][0-9]{0,6}$/.test(text)) return undefined;
  return Number(text) <= secondsMax ? Number(text) : undefined;
}
