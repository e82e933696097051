/**
 * Why a payout ended `fail` or `cancel`: stable codes that merchants' programs may compare. The first group is told by
 * a rail or provider, the second ends payouts that were never sent.
 */
export const failReasons = [
  'recipient_not_found',
  'recipient_blocked',
  'recipient_limit_exceeded',
  'recipient_name_mismatch',
  'card_expired',
  'card_not_supported',
  'amount_not_allowed',
  'bank_unavailable',
  'compliance_refused',
  'returned',
  'rejected_by_provider',
  'not_executed',
] as const;

export const cancelReasons = ['cancelled_by_operator', 'cancelled_by_limit', 'approval_refused', 'expired'] as const;

export type FailReason = (typeof failReasons)[number];
export type CancelReason = (typeof cancelReasons)[number];
