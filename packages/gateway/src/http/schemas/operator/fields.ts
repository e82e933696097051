import { z } from 'zod';
import { findCurrency } from '../../../core/currency.ts';
import { formatMinor, parseAmountText } from '../../../core/money.ts';
import { type ProblemCode, Refusal } from '../../../core/problem.ts';
import { failAs } from '../zod-problems.ts';

const pageLimitMax = 200;
const pageLimit = 50;

/** No control characters and no half of a surrogate pair: neither fits into a database's text or a person's screen. */
const controlForm = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const controlButBreaksForm = /[^\P{Cc}\n\r\t]|[\p{Cs}\u2028\u2029]/u;

/** One line of text without surrounding spaces. */
export function textField(options: { min?: number; max: number }) {
  return z
    .string()
    .trim()
    .min(options.min ?? 1)
    .max(options.max)
    .refine((text) => !controlForm.test(text), failAs('field_control_characters'));
}

/** Text in which line breaks are fine. */
export function longTextField(options: { max: number }) {
  return z
    .string()
    .trim()
    .min(1)
    .max(options.max)
    .refine((text) => !controlButBreaksForm.test(text), failAs('field_control_characters'));
}

/** What OpenAPI says of a value that is text in a path or a query and something else to its reader. */
function shownAs(shape: Readonly<Record<string, string | number>>) {
  return {
    override: ({ jsonSchema }: { jsonSchema: object & { pattern?: unknown } }) => {
      delete jsonSchema.pattern;
      Object.assign(jsonSchema, shape);
    },
  };
}

/** An id in a path or a query: a JSON integer as text. */
export const idText = z
  .string()
  .regex(/^[1-9]\d{0,17}$/)
  .transform((text) => BigInt(text))
  .meta(shownAs({ type: 'integer' }));

export const accountIdText = z
  .string()
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)
  .transform((text) => text.toLowerCase())
  .meta(shownAs({ type: 'string', format: 'uuid' }));

export const serviceCodeText = z.string().regex(/^[a-z0-9_]{1,100}$/);

/** An endpoint's number is a 32-bit integer of the database. */
export const endpointIdText = z
  .string()
  .regex(/^[1-9]\d{0,8}$/)
  .transform(Number)
  .meta(shownAs({ type: 'integer' }));

const momentForm = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** A date (its first moment in UTC) or a moment with its offset. */
export const momentText = z
  .string()
  .refine((text) => momentForm.test(text) && !Number.isNaN(Date.parse(text)), failAs('field_wrong'))
  .transform((text) => new Date(text))
  .meta(shownAs({ type: 'string', format: 'date-time' }));

const limitText = z
  .string()
  .regex(/^[1-9]\d{0,3}$/)
  .transform(Number)
  .refine((limit) => limit <= pageLimitMax, failAs('field_too_large', { max: pageLimitMax }))
  .meta(shownAs({ type: 'integer', minimum: 1, maximum: pageLimitMax }));

/** Paging by cursor: pass `next_cursor` of the page before. */
export const pageQuery = {
  cursor: idText.optional().meta({ description: 'The next_cursor of the page before' }),
  limit: limitText.default(pageLimit),
};

/** An amount as text, such as `1000.44`; how many digits it may have depends on the currency. */
export const amountText = z
  .string()
  .max(20)
  .meta({ examples: ['1000.44'] });

export const idAnswer = z.int().positive();
export const momentAnswer = z.iso.datetime();
export const archivedAtAnswer = momentAnswer.nullable().meta({
  description: 'When what happened to it, its attempts and its notifications were dropped; the rest is kept for ever',
});
export const amountAnswer = z.string().meta({ examples: ['1000.44'] });
export const livenessField = z.enum(['active', 'disabled']);
export const notificationMethodField = z.enum(['POST', 'GET']);
export const accountIdAnswer = z.guid();

export function pageAnswer<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

/** One more row than the page holds tells whether there is a next page. */
export function writePage<Row, Item>(
  rows: readonly Row[],
  page: { readonly limit: number; readonly idOf: (row: Row) => bigint; readonly write: (row: Row) => Item },
): { items: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(page.write),
    next_cursor: rows.length > page.limit && last !== undefined ? page.idOf(last).toString() : null,
  };
}

function digitsOf(currency: string): number {
  return findCurrency(currency)?.digits ?? 2;
}

/** Formats amounts of one currency; null stays null. */
export function amountWriter(currency: string) {
  const digits = digitsOf(currency);
  function write(minor: bigint): string;
  function write(minor: bigint | null): string | null;
  function write(minor: bigint | null): string | null {
    return minor === null ? null : formatMinor(minor, digits);
  }
  return write;
}

const amountCodes: Readonly<Record<string, ProblemCode>> = {
  format: 'amount_format',
  digits: 'amount_digits',
  not_positive: 'amount_not_positive',
};

/** Minor units of an amount's text. Throws a Refusal that names `field`. */
export function readAmount(
  text: string,
  options: { readonly currency: string; readonly field: string; readonly allowZero?: boolean },
): bigint {
  const digits = digitsOf(options.currency);
  const minor = parseAmountText(text, digits);
  if (typeof minor === 'bigint') return minor;
  if (minor === 'not_positive' && options.allowZero === true) return 0n;
  throw new Refusal([
    { code: amountCodes[minor] ?? 'amount_format', field: options.field, values: { digits, max: 11 } },
  ]);
}

export function writeMoment(moment: Date): string;
export function writeMoment(moment: Date | null): string | null;
export function writeMoment(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
}
