import { isValidIBAN } from 'ibantools';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { luhnIsValid } from './card.ts';
import type { Problem, ProblemCode } from './problem.ts';
import { isRussianAccountKeyValid } from './russian-account.ts';
import type { RecipientKind } from './service.ts';

export { cardBrand, luhnCheckDigit, luhnIsValid } from './card.ts';

export type RecipientInput = {
  readonly kind: RecipientKind;
  /** As the merchant wrote it. */
  readonly number: string;
  /** A bank or SBP member code, where the kind needs one. */
  readonly customerCode: string | undefined;
  /** ISO 4217 code of the service. */
  readonly currency: string;
};

export type RecipientCheck =
  | { readonly ok: true /** Normalised. */; readonly number: string; readonly mask: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Spaces and dashes people write into numbers, the typographic ones included. */
const separators = /[ \u00a0\u2009\u202f\u2010-\u2014-]+/g;
const digitsOnly = /^[0-9]+$/;
const cardForm = /^[0-9]{12,19}$/;
const sbpPhoneForm = /^7[0-9]{10}$/;
const sbpMemberForm = /^[0-9]{12}$/;
const accountForm = /^[0-9]{20}$/;
const bicForm = /^[0-9]{9}$/;
/** No control, format, private or unassigned characters and no line separators. */
const printableForm = /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u;
/** The Russian mobile plan: every such number is valid, so the phone library is not asked (a test compares them). */
const russianMobileForm = /^79[0-9]{9}$/;

/** `text` without spaces and dashes. */
export function compactNumber(text: string): string {
  return digitsOnly.test(text) ? text : text.replace(separators, '');
}

/** Checks who is paid by the rules of the service's recipient kind; the accepted number is normalised. */
export function checkRecipient(input: RecipientInput): RecipientCheck {
  const { kind } = input;
  switch (kind) {
    case 'card':
      return checkCard(compactNumber(input.number));
    case 'phone':
      return checkPhone(compactNumber(input.number), 'phone_wrong');
    case 'wallet_phone':
      return checkPhone(compactNumber(input.number), 'wallet_phone_wrong');
    case 'sbp_phone':
      return checkSbp(compactNumber(input.number), input.customerCode);
    case 'iban':
      return checkIban(compactNumber(input.number).toUpperCase());
    case 'russian_account':
      return checkRussianAccount(compactNumber(input.number), input.customerCode);
    case 'text':
      return checkText(input.number.trim());
    default:
      return kind satisfies never;
  }
}

function accept(number: string): RecipientCheck {
  return { ok: true, number, mask: maskTail(number) };
}

function refuse(...problems: readonly Problem[]): RecipientCheck {
  return { ok: false, problems };
}

function checkCard(number: string): RecipientCheck {
  if (!cardForm.test(number)) return refuse({ code: 'card_digits', field: 'number' });
  if (!luhnIsValid(number)) return refuse({ code: 'card_check_digit', field: 'number' });
  return { ok: true, number, mask: maskCard(number) };
}

function checkPhone(number: string, code: ProblemCode): RecipientCheck {
  return isPhone(number) ? accept(number) : refuse({ code, field: 'number' });
}

/** Whether decimal digits are a phone number with its country code (and without `+`). */
export function isPhone(digits: string): boolean {
  if (russianMobileForm.test(digits)) return true;
  if (!digitsOnly.test(digits) || digits.length > 15) return false;
  return parsePhoneNumberFromString(`+${digits}`)?.isValid() ?? false;
}

function checkSbp(number: string, memberId: string | undefined): RecipientCheck {
  const problems: Problem[] = [];
  if (!sbpPhoneForm.test(number)) problems.push({ code: 'sbp_phone_wrong', field: 'number' });
  if (memberId === undefined || !sbpMemberForm.test(memberId)) {
    problems.push({ code: 'sbp_member_wrong', field: 'customer_code' });
  }
  return problems.length > 0 ? refuse(...problems) : accept(number);
}

function checkIban(number: string): RecipientCheck {
  return isValidIBAN(number) ? accept(number) : refuse({ code: 'iban_wrong', field: 'number' });
}

function checkRussianAccount(number: string, bic: string | undefined): RecipientCheck {
  const problems: Problem[] = [];
  if (!accountForm.test(number)) problems.push({ code: 'bank_account_digits', field: 'number' });
  if (bic === undefined || !bicForm.test(bic)) {
    problems.push({ code: 'bic_wrong', field: 'customer_code' });
  } else if (problems.length === 0 && !isRussianAccountKeyValid(bic, number)) {
    problems.push({ code: 'bank_account_key', field: 'number' });
  }
  return problems.length > 0 ? refuse(...problems) : accept(number);
}

function checkText(number: string): RecipientCheck {
  return printableForm.test(number) ? accept(number) : refuse({ code: 'field_not_printable', field: 'number' });
}

/** `427611******3333`: issuer and the last four, as PCI DSS allows to be shown. */
function maskCard(number: string): string {
  return `${number.slice(0, 6)}${'*'.repeat(number.length - 10)}${number.slice(-4)}`;
}

/** Stars and at most the last four characters, never more than half of a short one. */
function maskTail(number: string): string {
  // Nearly every number is digits, and taking a text apart into characters costs more than checking it.
  if (digitsOnly.test(number)) return maskDigits(number);
  const characters = [...number];
  const shown = Math.min(4, Math.floor(characters.length / 2));
  return '*'.repeat(characters.length - shown) + characters.slice(characters.length - shown).join('');
}

function maskDigits(digits: string): string {
  const shown = Math.min(4, Math.floor(digits.length / 2));
  return '*'.repeat(digits.length - shown) + digits.slice(digits.length - shown);
}

/** Every normalised number that a person may mean by `text`, whatever its kind: what `checkRecipient` would accept. */
export function recipientSpellings(text: string): string[] {
  const compact = compactNumber(text.trim());
  return [...new Set([compact, compact.toUpperCase(), compact.replace(/^\+/, ''), text.trim()])];
}

/** What may be written down of a number that somebody looked for, whatever its kind. */
export function maskNumber(text: string): string {
  return maskTail(compactNumber(text.trim()));
}
