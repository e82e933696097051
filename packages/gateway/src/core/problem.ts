/** Refusals of the operator API only. */
export const operatorProblemCodes = [
  // Who asks, and whether they may (`request`, `login`, `password`).
  'signed_out',
  'sign_in_wrong',
  'setup_wrong',
  'role_too_low',
  'cross_site_request',
  'password_too_short',
  'own_role_change',
  'last_owner',
  'second_factor_needed',
  'session_needed',
  'code_wrong',
  'passkey_wrong',
  'invitation_wrong',
  'last_factor',
  // The form of a request that does not come from a merchant's program.
  'field_unknown',
  'field_wrong',
  'field_type',
  'field_choice',
  'field_too_short',
  'field_too_small',
  'field_too_large',
  'date_not_future',
  'currency_unknown',
  'limits_crossed',
  'network_wrong',
  // Records and their states.
  'record_unknown',
  'record_exists',
  'connector_unknown',
  'amount_exceeds',
  'request_key_used',
  'payout_not_in_review',
  'payout_not_cancellable',
  'verdict_amount',
  'returns_whole',
  'incident_closed',
  'incident_not_reversible',
  'endpoint_disabled',
  'notification_archived',
  'approval_needs_other',
  'approval_decided',
  // A public key that cannot be used (`public_pem`).
  'key_retired',
  'key_pem_too_large',
  'key_not_pem',
  'key_several_blocks',
  'key_is_private',
  'key_not_public',
  'key_not_rsa',
  'key_too_short',
  'key_too_long',
  'key_exponent_wrong',
  'key_weak',
] as const;

/**
 * Why a request is refused, as data. The list is closed: `http/errors` has one line per code, so that a new code
 * without a text does not compile.
 */
export const problemCodes = [
  // The signature (`sign`).
  'sign_missing',
  'sign_repeated',
  'sign_not_base64',
  'sign_wrong',
  'sign_digest_refused',
  'sign_v2_needed',
  'sign_time_wrong',
  'sign_nonce_wrong',
  'sign_nonce_used',
  // The account header (`account`). Unknown and foreign accounts share one code, so that nobody can probe for accounts.
  'account_missing',
  'account_repeated',
  'account_not_uuid',
  'account_unknown',
  'account_disabled',
  'account_frozen',
  'payouts_switched_off',
  // The body as JSON (`json`).
  'json_empty',
  'json_bom',
  'json_encoding',
  'json_syntax',
  'json_duplicate_key',
  'json_too_deep',
  'json_nul',
  'json_lone_surrogate',
  'json_not_object',
  // The request as HTTP (`request`).
  'path_unknown',
  'method_wrong',
  'content_type_wrong',
  'content_encoding_refused',
  'body_too_large',
  'headers_too_large',
  'request_malformed',
  'request_too_slow',
  'too_fast',
  'overloaded',
  'unavailable_now',
  'timed_out',
  'internal_error',
  'outcome_unknown',
  'callback_refused',
  'address_not_allowed',
  // Rules that any body field may break.
  'field_required',
  'field_not_text',
  'field_not_text_or_integer',
  'field_not_integer',
  'field_not_object',
  'field_blank',
  'field_too_long',
  'field_control_characters',
  'field_not_printable',
  // The amount (`amount`).
  'amount_type',
  'amount_format',
  'amount_digits',
  'amount_not_positive',
  'amount_below_min',
  'amount_above_max',
  'amount_below_commission',
  'amount_over_limit',
  'funds_insufficient',
  // The service and the recipient (`service`, `number`, `customer_code`).
  'service_unknown',
  'service_other_currency',
  'card_digits',
  'card_check_digit',
  'phone_wrong',
  'sbp_phone_wrong',
  'wallet_phone_wrong',
  'iban_wrong',
  'bank_account_digits',
  'bank_account_key',
  'sbp_member_wrong',
  'bic_wrong',
  // Where to notify (`notification_endpoint_url`, `notification_endpoint_id`) and `project_url`.
  'url_wrong',
  'url_scheme',
  'url_user_info',
  'url_host_not_public',
  'url_port',
  'endpoint_unknown',
  // `extra` and the customer.
  'extra_too_many',
  'card_year_wrong',
  'card_month_wrong',
  'country_two_wrong',
  'country_three_wrong',
  'date_wrong',
  'date_not_past',
  'email_wrong',
  'customer_phone_wrong',
  // Wishes to the sandbox (`extra.sandbox_…`, `seconds`, `account`).
  'sandbox_script_unknown',
  'sandbox_after_wrong',
  'account_not_sandbox',
  // The same `order_id` again, and looking a payout up (`order_id`, `id`).
  'order_id_used',
  'lookup_missing',
  'lookup_disagrees',
  'order_not_found',
  'payout_not_found',
  // The operator API.
  ...operatorProblemCodes,
] as const;

export type ProblemCode = (typeof problemCodes)[number];
export type OperatorProblemCode = (typeof operatorProblemCodes)[number];

/** A refusal the caller can act on. `field` is the dotted wire key it is reported under: `extra.card_country`. */
export type Problem = {
  readonly code: ProblemCode;
  readonly field: string;
  /** What the text may name: limits, amounts as text, the currency. Never a secret and never a card number. */
  readonly values?: Readonly<Record<string, string | number>>;
};

/** Thrown to leave a route or to roll a tx back; carries every problem that was found, at least one. */
export class Refusal extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    if (problems.length === 0) throw new RangeError('A refusal needs at least one problem: say what is wrong.');
    super(`Refused: ${problems.map((problem) => `${problem.field} ${problem.code}`).join(', ')}`);
    this.name = 'Refusal';
    this.problems = problems;
  }
}
