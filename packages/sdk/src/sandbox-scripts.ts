// Owns the names of what the sandbox can play, and the amounts and recipients that ask for it.
// Promises the numbers of the sandbox's own tables; a test holds the two against each other.
// Refuses to know how a script is played.

/** Each script's number; see the page "The sandbox" of the documentation. */
export const SANDBOX_SCRIPTS = {
  paid: 1,
  paid_after_5s: 2,
  paid_after_30s: 3,
  paid_by_callback: 4,
  partial: 5,
  cancelled: 6,
  lost_executed: 7,
  lost_not_executed: 8,
  never_answers: 9,
  duplicate_callbacks: 10,
  contradicting_callback: 11,
  garbage_answer: 12,
  fail_after_5s: 13,
  fail_recipient_not_found: 21,
  fail_recipient_blocked: 22,
  fail_recipient_limit_exceeded: 23,
  fail_recipient_name_mismatch: 24,
  fail_card_expired: 25,
  fail_card_not_supported: 26,
  fail_amount_not_allowed: 27,
  fail_bank_unavailable: 28,
  fail_compliance_refused: 29,
  fail_returned: 30,
  fail_rejected_by_provider: 31,
  fail_not_executed: 32,
} as const;

export type SandboxScriptName = keyof typeof SANDBOX_SCRIPTS;

/** The phone that plays the script, for `qiwi_rub` and every other service that pays to a phone. */
export function sandboxPhone(name: SandboxScriptName): string {
  return `799900000${String(SANDBOX_SCRIPTS[name]).padStart(2, '0')}`;
}
