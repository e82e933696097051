import { KEY_BITS_MAX, KEY_BITS_MIN } from '@vyplata/sdk/archive';
import type { OperatorProblemCode } from '../core/problem.ts';

type Values = Readonly<Record<string, string | number>>;
export type OperatorTexts = Readonly<Record<OperatorProblemCode, (values: Values) => string>>;

/** Refusals of the operator API: they speak to people in the console and to operators' programs. */
export const operatorTextsEn: OperatorTexts = {
  signed_out: () => 'You are not signed in, or your session has ended. Sign in, or send a valid token.',
  sign_in_wrong: () => 'The login or the password is wrong.',
  setup_wrong: () =>
    'This link does not set the gateway up: it is not whole, or there is an owner already. ' +
    'The gateway prints it when it starts; later owners are added by the command "owner <login>".',
  role_too_low: (values) => `Your role does not allow this. It needs the role ${values.role} or a higher one.`,
  cross_site_request: () =>
    'The request comes from another site, or the header X-Vyplata-Request: 1 is missing. Nothing was changed.',
  password_too_short: (values) => `The password must have at least ${values.min} characters.`,
  own_role_change: () => 'You cannot change your own role or disable yourself. Ask another owner.',
  last_owner: () => 'This is the last active owner. Make somebody else an owner first.',
  second_factor_needed: () =>
    'This installation requires a second factor. Add a code generator or a passkey to your login first.',
  session_needed: () => 'A program’s token cannot do this. Sign in as a person.',
  code_wrong: () => 'The code is wrong or was used already. Wait for the next one, or use a recovery code.',
  passkey_wrong: () =>
    'The passkey was not accepted. Start again; a passkey works on the address it was made for only.',
  invitation_wrong: () => 'The invitation was used already, or its time is over. Ask for a new one.',
  last_factor: () => 'This is your last second factor, and this installation requires one. Add another one first.',

  field_unknown: (values) => `There is no field ${values.field} here. Check its spelling.`,
  field_wrong: (values) => `The ${values.field} field has a wrong form.`,
  field_type: (values) => `The ${values.field} field must be of the type ${values.expected}.`,
  field_choice: (values) => `The ${values.field} field must be one of: ${values.choices}.`,
  field_too_short: (values) => `The ${values.field} field must have at least ${values.min} characters.`,
  field_too_small: (values) => `The ${values.field} field must be at least ${values.min}.`,
  field_too_large: (values) => `The ${values.field} field must be at most ${values.max}.`,
  date_not_future: (values) => `The ${values.field} field must be a moment in the future.`,
  currency_unknown: () => 'There is no such currency. Use an ISO 4217 code such as "EUR".',
  network_wrong: () => 'This is no IP address or network. Write it like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.',
  limits_crossed: () => 'The maximum is below the minimum. Raise one or lower the other.',

  record_unknown: () => 'There is no such record. Check the id.',
  record_exists: (values) => `The ${values.field} is taken already. Choose another one.`,
  connector_unknown: ({ installed }) => `No connector of this name is installed. Name one of: ${installed}.`,
  amount_exceeds: () => 'The amount exceeds what the account has. Nothing was moved.',
  request_key_used: () =>
    'This request_key was used already for another movement of money. Use a new key for a new movement.',
  payout_not_in_review: () => 'The payout is not in review, so it cannot be decided by hand.',
  payout_not_cancellable: () => 'The payout was sent already or has ended, so it cannot be cancelled.',
  incident_closed: () => 'The incident is closed already. Nothing was moved.',
  incident_not_reversible: () =>
    'Nothing can be reversed here: only money of a failed payout that went out after all, or of a paid one that ' +
    'came back, and only once. Close the incident instead.',
  verdict_amount: () => 'The paid amount must be greater than zero and at most what was due to the recipient.',
  returns_whole: () =>
    'The money of a paid payout comes back whole, with its commission: send no amount. If only a part came back, ' +
    'close the incident and top up the account by that part.',
  approval_needs_other: () => 'Another person has to approve this: you asked for it yourself.',
  approval_decided: () => 'This was decided already, or its time is over. Ask again if it is still needed.',
  notification_archived: ({ last }) =>
    `There is no such notification any more: those up to ${last} went when their payouts were archived, so it cannot ` +
    'be sent again. The status and the amounts of the payout are kept; ask for those.',
  endpoint_disabled: () => 'The endpoint is switched off. Switch it on first, then send the notification again.',

  key_retired: () => 'The key is retired for ever. Make or upload a new one.',
  key_pem_too_large: () => 'The text is too long for one public key. Send public.pem alone.',
  key_not_pem: () => 'The text is not a whole PEM block. Send public.pem from its BEGIN line to its END line.',
  key_several_blocks: () => 'The text holds several PEM blocks. Send exactly one public key.',
  key_is_private: () =>
    'This is a private key, and whoever sees it can order payouts. It was not stored. Make a new pair and send its ' +
    'public.pem.',
  key_not_public: () => 'The PEM block is not a public key. Send the block that begins with BEGIN PUBLIC KEY.',
  key_not_rsa: () => 'Only RSA keys are accepted, and Ed25519 for the second signature scheme; not RSA-PSS or EC.',
  key_too_short: () => `The key is shorter than ${KEY_BITS_MIN} bits. Make a new pair.`,
  key_too_long: () => `The key is longer than ${KEY_BITS_MAX} bits. Make a new pair.`,
  key_exponent_wrong: () =>
    'The public exponent must be odd, at least 65537 and below 2^31. Make a new pair with 65537.',
  key_weak: () =>
    'This key can be forged or its modulus factored. Use this pair nowhere; make a new one with current software.',
};
