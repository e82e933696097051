/**
 * `http/schemas` owns the wire's own field names and the shape of each request.
 * It promises that what it returns is well formed, and that what it refuses names every wrong field at once.
 * It refuses to know configuration, balances and the database: `core` and the rooms below decide the rest.
 */
import { JsonNumber, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Problem } from '../../core/problem.ts';
import { readIdText } from './id-text.ts';

/** How a payout is looked up; at least one is present. With both, they must name the same payout. */
export type Lookup = { readonly orderId?: string; readonly id?: number };

export type LookupReading =
  | { readonly ok: true; readonly lookup: Lookup }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const idForm = /^(?:0|[1-9][0-9]*)$/;

/** Reads the body of `POST /v1/payout/status`: `order_id` or `id`, each a text or an integer; null counts as absent. */
export function readLookup(json: JsonObject): LookupReading {
  const problems: Problem[] = [];
  const orderId = readOrderId(json['order_id'] ?? null, problems);
  const id = readPayoutId(json['id'] ?? null, problems);
  if (problems.length > 0) return { ok: false, problems };
  if (orderId === undefined && id === undefined) {
    return {
      ok: false,
      problems: [
        { code: 'lookup_missing', field: 'order_id' },
        { code: 'lookup_missing', field: 'id' },
      ],
    };
  }
  return { ok: true, lookup: { ...(orderId === undefined ? {} : { orderId }), ...(id === undefined ? {} : { id }) } };
}

function readOrderId(value: JsonValue, problems: Problem[]): string | undefined {
  if (value === null) return undefined;
  const text = readIdText(value);
  if (text.ok) return text.text;
  problems.push({ ...text.problem, field: 'order_id' });
  return undefined;
}

/** An id beyond the safe integers was never given to any payout, so it is simply not found. */
function readPayoutId(value: JsonValue, problems: Problem[]): number | undefined {
  if (value === null) return undefined;
  const text = value instanceof JsonNumber ? value.numberText : value;
  if (typeof text !== 'string' || !idForm.test(text)) {
    problems.push({ code: 'field_not_integer', field: 'id' });
    return undefined;
  }
  const id = Number(text);
  if (Number.isSafeInteger(id)) return id;
  problems.push({ code: 'payout_not_found', field: 'id' });
  return undefined;
}
