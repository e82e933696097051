import type { ProblemCode } from '../core/problem.ts';
import { operatorTextsEn } from './operator-texts-en.ts';

export type TextValues = Readonly<Record<string, string | number>>;

/** One helpful sentence or two per code: what is wrong, and what to do. */
export type Texts = Readonly<Record<ProblemCode, (values: TextValues) => string>>;

const askStatus = 'Ask POST /v1/payout/status with the same order_id; do not treat the payout as failed or cancelled.';

/** Names the support contact when the installation has set one. */
function contact(values: TextValues): string {
  return values.support === undefined || values.support === '' ? '' : ` Support: ${values.support}.`;
}

function requestId(values: TextValues): string {
  return values.requestId === undefined ? '' : ` Request id: ${values.requestId}.`;
}

function place(values: TextValues): string {
  return values.at === undefined ? '' : ` (character ${values.at})`;
}

function fractionRule(values: TextValues): string {
  return values.digits === 0 ? 'no digits after a point' : `at most ${values.digits} digits after the point`;
}

/** `1000.44`, with as many minor digits as the currency has. */
export function amountExample(values: TextValues): string {
  const digits = Number(values.digits ?? 2);
  return digits === 0 ? '1000' : `1000.${'4400'.slice(0, digits)}`;
}

export const textsEn: Texts = {
  sign_missing: () => 'The Sign header is missing. Sign the exact body bytes and send the signature in base64.',
  sign_repeated: () => 'There is more than one Sign header. Send exactly one.',
  sign_not_base64: () => 'The Sign header is not base64: use the standard alphabet with padding and no line breaks.',
  sign_wrong: () =>
    'The signature does not match. Sign the exact bytes of the body you send (RSA, PKCS#1 v1.5, SHA-1) with the ' +
    'private key of an active payouts certificate of this account’s merchant.',
  sign_digest_refused: (values) =>
    `The digest of this signature is not allowed for this key. Use ${values.allowed ?? 'the digest'}, as set for the ` +
    'certificate, or change that setting.',
  sign_v2_needed: () =>
    'This account accepts requests of the second signature scheme only. Send Signature-V2, Signature-Time and ' +
    'Signature-Nonce.',
  sign_time_wrong: (values) =>
    `Signature-Time must be the present time in whole seconds since 1970, at most ${values.seconds} s away from the ` +
    'clock of the gateway. Check your clock and sign again.',
  sign_nonce_wrong: () => 'Signature-Nonce must have 16 to 64 letters, digits, "-" or "_". Make a fresh random one.',
  sign_nonce_used: () =>
    'This signed request was received before. Sign it again with a fresh nonce; the same order is never paid twice.',

  account_missing: () => 'The Account header is missing. Send the UUID of one of your accounts.',
  account_repeated: () => 'There is more than one Account header. Send exactly one.',
  account_not_uuid: () => 'The Account header is not a UUID. Copy the UUID of the account from the console.',
  account_unknown: () => 'There is no such account. Copy the UUID of one of your accounts from the console.',
  account_disabled: () => 'The account is disabled. Use another account or ask support to enable it.',
  account_not_sandbox: () => 'This account is not in sandbox mode. Use a sandbox account to let time pass.',
  sandbox_script_unknown: ({ field }) =>
    `The ${field} field names no script of the sandbox. Take one of the names in its documentation, such as "partial".`,
  sandbox_after_wrong: ({ field, max }) => `The ${field} field must be a whole number of seconds up to ${max}.`,
  account_frozen: () => 'The account is frozen, so no payouts are accepted for it. Contact support.',
  payouts_switched_off: () => 'Payouts are switched off for this account. Contact support.',

  json_empty: () => 'The body is empty. Send a JSON object.',
  json_bom: () => 'The body starts with a byte order mark. Send UTF-8 without one.',
  json_encoding: () => 'The body is not valid UTF-8. Encode it as UTF-8.',
  json_syntax: (values) => `The body is not valid JSON${place(values)}.`,
  json_duplicate_key: (values) => `The body has the same key twice in one object${place(values)}. Send each key once.`,
  json_too_deep: (values) => `The body is nested too deeply${place(values)}. At most 4 levels are accepted.`,
  json_nul: (values) => `The body contains a NUL character${place(values)}. Remove it.`,
  json_lone_surrogate: (values) => `The body contains half of a surrogate pair${place(values)}. Send whole characters.`,
  json_not_object: () => 'The body must be a JSON object.',

  path_unknown: () => 'There is no such path. Check the URL.',
  method_wrong: (values) => `This path does not accept this method. Use ${values.allowed ?? 'POST'}.`,
  content_type_wrong: () => 'The body must be JSON. Send the header Content-Type: application/json.',
  content_encoding_refused: () => 'Compressed bodies are not accepted. Send the body without Content-Encoding.',
  body_too_large: (values) =>
    `The body is too large${values.max === undefined ? '' : `: at most ${values.max} bytes are accepted`}.`,
  headers_too_large: () => 'The headers are too large. Send only the headers that are needed.',
  request_malformed: () => 'The request is not well-formed HTTP.',
  request_too_slow: () => 'The request arrived too slowly and was not processed. Send it again.',
  too_fast: (values) =>
    'Too many requests. Nothing was done; send this one again ' +
    `${values.seconds === undefined ? 'later' : `in ${values.seconds} s`}.`,
  overloaded: () => 'The gateway is overloaded. Nothing was done; send the request again a little later.',
  unavailable_now: () => 'The gateway cannot take this request now. Nothing was done; send it again a little later.',
  timed_out: () => 'The answer took too long. Send the request again a little later.',
  internal_error: (values) =>
    `Something went wrong in the gateway. If this was a payout, its outcome is not known: ${askStatus}` +
    requestId(values) +
    contact(values),
  outcome_unknown: (values) =>
    `It is not known yet whether the payout was created. ${askStatus}${requestId(values)}${contact(values)}`,
  callback_refused: () => 'This is not a callback of the provider, or its signature does not verify.',
  address_not_allowed: () =>
    'Requests from this address are not allowed. Ask the operator of the gateway to add it to your allow-list.',

  field_required: (values) => `The ${values.field} field is required.`,
  field_not_text: (values) => `The ${values.field} field must be a string.`,
  field_not_text_or_integer: (values) => `The ${values.field} field must be a string or an integer.`,
  field_not_integer: (values) => `The ${values.field} field must be a positive integer.`,
  field_not_object: (values) => `The ${values.field} field must be an object.`,
  field_blank: (values) => `The ${values.field} field must not be empty.`,
  field_too_long: (values) => `The ${values.field} field must have at most ${values.max} characters.`,
  field_control_characters: (values) => `The ${values.field} field must not contain control characters.`,
  field_not_printable: (values) => `The ${values.field} field must have 1 to 64 printable characters.`,

  amount_type: () => 'The amount must be a string such as "1000.44" or a number.',
  amount_format: (values) =>
    `The amount must be written like ${amountExample(values)}: digits and one point, without sign, spaces, ` +
    'exponent or leading zeros.',
  amount_digits: (values) => `The amount may have ${fractionRule(values)} and at most ${values.max} digits in all.`,
  amount_not_positive: () => 'The amount must be greater than zero.',
  amount_below_min: (values) => `The amount is below the minimum of ${values.min} ${values.currency} for this service.`,
  amount_above_max: (values) => `The amount is above the maximum of ${values.max} ${values.currency} for this service.`,
  amount_below_commission: (values) =>
    `The commission of ${values.commission} ${values.currency} leaves the recipient nothing. Send a larger amount.`,
  amount_over_limit: () =>
    'The amount exceeds what this account may still order today (UTC). Send it tomorrow, or ask for a higher limit.',
  funds_insufficient: () =>
    'Not enough funds: the amount with its commission exceeds the available balance of the account. Top up the ' +
    'account or send a smaller amount.',

  service_unknown: () => 'There is no such service, or it is not enabled for this account. See POST /v1/account/info.',
  service_other_currency: (values) =>
    `This service pays in ${values.serviceCurrency}, but the account is in ${values.accountCurrency}. Use a ` +
    'service of the account’s currency, or another account.',
  card_digits: () => 'The card number must have 12 to 19 digits.',
  card_check_digit: () => 'The card number is wrong: its check digit does not fit. Check for a typing error.',
  phone_wrong: () => 'The number must be a phone number in digits with its country code, without "+".',
  sbp_phone_wrong: () => 'The number must be a Russian phone number of 11 digits that starts with 7, without "+".',
  wallet_phone_wrong: () =>
    'The number must be the phone number of the wallet in digits with its country code, without "+", such as ' +
    '79005554455.',
  iban_wrong: () => 'The number must be a valid IBAN. Check its country, length and check digits.',
  bank_account_digits: () => 'The number must be a bank account of 20 digits.',
  bank_account_key: () => 'The account number does not fit the BIC in customer_code: its key is wrong. Check both.',
  sbp_member_wrong: () => 'The customer_code field must be the SBP member id of the recipient’s bank: 12 digits.',
  bic_wrong: () => 'The customer_code field must be the BIC of the recipient’s bank: 9 digits.',

  url_wrong: (values) => `The ${values.field} field must be a URL such as https://shop.example/notify, without spaces.`,
  url_scheme: (values) => `The ${values.field} field must be a URL that starts with https:// or http://.`,
  url_user_info: (values) => `The ${values.field} field must not contain a user name or password.`,
  url_host_not_public: (values) => `The ${values.field} field must name a host on the public internet.`,
  url_port: (values) => `The port in ${values.field} is not allowed. Use 80, 443, or 1024 and above.`,
  endpoint_unknown: () => 'There is no such notification endpoint. Take the id from the list in your console.',

  extra_too_many: (values) => `The extra field may have at most ${values.max} keys of your own.`,
  card_year_wrong: (values) => `The ${values.field} field must be the last two digits of the year, such as "29".`,
  card_month_wrong: (values) => `The ${values.field} field must be a month from "01" to "12".`,
  country_two_wrong: (values) => `The ${values.field} field must be an ISO 3166-1 alpha-2 country code, such as "DE".`,
  country_three_wrong: (values) =>
    `The ${values.field} field must be an ISO 3166-1 alpha-3 country code, such as "DEU".`,
  date_wrong: (values) => `The ${values.field} field must be a date that exists, written YYYY-MM-DD.`,
  date_not_past: (values) => `The ${values.field} field must be a date in the past.`,
  email_wrong: (values) => `The ${values.field} field must be an e-mail address.`,
  customer_phone_wrong: (values) => `The ${values.field} field must be a phone number such as "79001112233".`,

  order_id_used: () =>
    'This order_id is used already by an order with other values. Use a new order_id for a new order, or repeat the ' +
    'old one unchanged.',
  lookup_missing: () => 'Send order_id or id, so that the payout can be found.',
  lookup_disagrees: () => 'The order_id and the id belong to different payouts. Send one of them, or a pair that fits.',
  order_not_found: () => 'There is no payout with this order_id.',
  payout_not_found: () => 'There is no payout with this id.',

  ...operatorTextsEn,
};
