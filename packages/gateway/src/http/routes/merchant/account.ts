import { formatEight, formatMinor } from '../../../core/money.ts';
import type { Sql } from '../../../db/pool.ts';
import { readBalance } from '../../../ledger/read.ts';
import type { AccountEntry, ServiceEntry } from '../../../merchants/directory.ts';
import { type Answer, answerOk } from '../../answer.ts';
import type { MerchantRequest } from './request.ts';

/** `POST /v1/account/balance`: what can be spent now, and what is reserved for which reason. */
export async function showBalance(needs: { readonly readDb: Sql }, request: MerchantRequest): Promise<Answer> {
  const { account } = request;
  const balance = await readBalance(needs.readDb, account);
  const format = (minor: bigint): string => formatEight(minor, account.currency.digits);
  return answerOk(
    JSON.stringify({
      currency: account.currency.code,
      balance: format(balance.availableMinor),
      hold: format(balance.frozenMinor),
      rolling_reserve: format(balance.reserveMinor),
      pending_payouts: format(balance.heldMinor + balance.clearingMinor),
    }),
  );
}

/** `POST /v1/account/info`: what this account may do, through which services, at which price. */
export function showInfo(request: MerchantRequest): Promise<Answer> {
  const { account } = request;
  const isActive = account.state === 'active' && account.merchantState === 'active';
  return Promise.resolve(
    answerOk(
      JSON.stringify({
        is_allowed_payment: false,
        is_allowed_payout: isActive,
        payments: [],
        payouts: account.allServices.map((entry) => serviceRow(account, entry)),
      }),
    ),
  );
}

function serviceRow(account: AccountEntry, entry: ServiceEntry): object {
  const { commission, service } = entry;
  const format = (minor: bigint): string => formatMinor(minor, account.currency.digits);
  return {
    method: service.method,
    currency: service.currency,
    service_code: service.code,
    status: entry.enabled ? 'active' : 'disabled',
    min: format(entry.minMinor),
    max: entry.maxMinor === null ? null : format(entry.maxMinor),
    commission: {
      percent: formatMinor(BigInt(commission.percentPpm), 4),
      fixed: format(commission.fixedMinor),
      min: format(commission.minMinor),
      max: commission.maxMinor === null ? null : format(commission.maxMinor),
      bearer: commission.bearer,
    },
  };
}
