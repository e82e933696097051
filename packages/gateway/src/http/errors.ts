/** How a refusal looks on the wire: its status and its texts in two languages. */
import type { Problem, ProblemCode } from '../core/problem.ts';
import { type TextValues, textsEn } from './texts-en.ts';
import { textsRu } from './texts-ru.ts';

export type Language = 'en' | 'ru';

type ErrorLine = {
  readonly status: number;
  readonly en: (values: TextValues) => string;
  readonly ru: (values: TextValues) => string;
};

/** Codes that are not 400. Only after 500 and 504 the merchant does not know; any other status is a certain refusal. */
const statuses: Readonly<Partial<Record<ProblemCode, number>>> = {
  path_unknown: 404,
  method_wrong: 405,
  request_too_slow: 408,
  body_too_large: 413,
  content_type_wrong: 415,
  content_encoding_refused: 415,
  too_fast: 429,
  headers_too_large: 431,
  internal_error: 500,
  overloaded: 503,
  unavailable_now: 503,
  timed_out: 504,
  outcome_unknown: 504,
  // The operator API.
  signed_out: 401,
  sign_in_wrong: 401,
  setup_wrong: 403,
  role_too_low: 403,
  cross_site_request: 403,
  second_factor_needed: 403,
  code_wrong: 401,
  passkey_wrong: 401,
  invitation_wrong: 401,
  last_factor: 409,
  record_unknown: 404,
  record_exists: 409,
  approval_needs_other: 409,
  approval_decided: 409,
  request_key_used: 409,
  key_retired: 409,
  payout_not_in_review: 409,
  incident_closed: 409,
  incident_not_reversible: 409,
  payout_not_cancellable: 409,
  endpoint_disabled: 409,
  notification_archived: 410,
};

/** Both catalogues name every code, or this file does not compile. */
export const errorLines: Readonly<Record<ProblemCode, ErrorLine>> = buildLines();

function buildLines(): Readonly<Record<ProblemCode, ErrorLine>> {
  const lines: Partial<Record<ProblemCode, ErrorLine>> = {};
  for (const code of Object.keys(textsEn) as ProblemCode[]) {
    lines[code] = { status: statuses[code] ?? 400, en: textsEn[code], ru: textsRu[code] };
  }
  return lines as Readonly<Record<ProblemCode, ErrorLine>>;
}

export type RefusalBody = { readonly message: string; readonly errors: Readonly<Record<string, string[]>> };

const messages: Readonly<Record<Language, string>> = {
  en: 'The given data was invalid.',
  ru: 'Переданы некорректные данные.',
};

const nameless: readonly Problem[] = [{ code: 'internal_error', field: 'request' }];

/**
 * The body of every answer that is not a success. `errors` is never empty: real clients decide failure by it alone, so
 * even a refusal that forgot to say why names `request`.
 */
export function refusalBody(problems: readonly Problem[], language: Language): RefusalBody {
  const errors: Record<string, string[]> = {};
  for (const { code, field, values } of problems.length > 0 ? problems : nameless) {
    const text = errorLines[code][language]({ ...values, field });
    const texts = errors[field];
    if (texts === undefined) errors[field] = [text];
    else if (!texts.includes(text)) texts.push(text);
  }
  return { message: messages[language], errors };
}

/** The HTTP status of a refusal. What leaves the outcome open wins over what is certain, which wins over plain 400. */
export function statusOf(problems: readonly Problem[]): number {
  let status = 400;
  for (const { code } of problems.length > 0 ? problems : nameless) {
    const own = errorLines[code].status;
    if (isOpen(own) && !isOpen(status)) status = own;
    else if (isOpen(own) === isOpen(status)) status = Math.max(status, own);
  }
  return status;
}

function isOpen(status: number): boolean {
  return status === 500 || status === 504;
}

const qualityForm = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/** Russian when `Accept-Language` ranks it above English, else English. Quality values count (RFC 9110, 12.5.4). */
export function languageOf(acceptLanguage: string | undefined): Language {
  if (acceptLanguage === undefined) return 'en';
  const best = { en: 0, ru: 0 };
  let first: Language | undefined;
  for (const range of acceptLanguage.slice(0, 256).split(',')) {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
    const language = tag.slice(0, 2).toLowerCase();
    if ((language !== 'en' && language !== 'ru') || (tag.length > 2 && tag[2] !== '-')) continue;
    const quality = parameters.map((part) => qualityForm.exec(part)?.[1]).find((text) => text !== undefined);
    best[language] = Math.max(best[language], Number(quality ?? 1));
    first ??= language;
  }
  if (best.ru === best.en) return best.ru > 0 && first === 'ru' ? 'ru' : 'en';
  return best.ru > best.en ? 'ru' : 'en';
}
