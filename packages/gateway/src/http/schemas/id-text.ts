import { JsonNumber, type JsonValue } from '../../core/json.ts';
import type { ProblemCode } from '../../core/problem.ts';

/** Characters of the merchant's `order_id`. */
const orderIdMax = 128;

export type IdText =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly problem: { readonly code: ProblemCode; readonly values?: Readonly<Record<string, number>> };
    };

const integerForm = /^-?(?:0|[1-9][0-9]*)$/;

/** Reads an `order_id`: a text of 1..128 characters that is not only spaces, or an integer, kept as its text. */
export function readIdText(value: JsonValue): IdText {
  const isInteger = value instanceof JsonNumber && integerForm.test(value.numberText);
  const text = isInteger ? value.numberText : value;
  if (typeof text !== 'string') return { ok: false, problem: { code: 'field_not_text_or_integer' } };
  if (text.trim() === '') return { ok: false, problem: { code: 'field_blank' } };
  if (isLongerThan(text, orderIdMax))
    return { ok: false, problem: { code: 'field_too_long', values: { max: orderIdMax } } };
  return { ok: true, text };
}

/** Whether `text` has more than `max` characters: code points, so that an emoji is one. */
export function isLongerThan(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || [...text].length > max;
}
