// Owns the one error a call of the client throws when the service, and not the program, is the reason.
// Promises an honest `created`: 'no' only when that is certain, whatever else went wrong.
// Refuses to know mistakes of the program: those are TypeErrors, thrown before anything is sent.

/** `no`: nothing was created and never will be. `yes`: a payout of this order exists. `unknown`: ask the status. */
export type Created = 'yes' | 'no' | 'unknown';

/**
 * - `refused`: the service said no; `fields` says why.
 * - `conflict`: a payout of this `orderId` exists and is not known to be this order; see `payoutId`.
 * - `not_found`: there is no such payout.
 * - `unresolved`: neither the tries nor the status could tell whether the payout exists.
 * - `unreachable`: no usable answer after all tries (time-out, cut connection, 429, 5xx).
 * - `bad_answer`: an answer that is not what the contract says, such as an HTML page.
 * - `timeout`: the payout was not final in the time given to wait.
 * - `aborted`: the caller's signal.
 */
export type VyplataErrorCode =
  | 'refused'
  | 'conflict'
  | 'not_found'
  | 'unresolved'
  | 'unreachable'
  | 'bad_answer'
  | 'timeout'
  | 'aborted';

export type VyplataErrorDetails = {
  code: VyplataErrorCode;
  created: Created;
  fields?: Record<string, string[]> | undefined;
  status?: number | undefined;
  requestId?: string | undefined;
  payoutId?: number | undefined;
  cause?: unknown;
};

export class VyplataError extends Error {
  override readonly name = 'VyplataError';
  readonly code: VyplataErrorCode;
  /** About the order of a create call. Calls that only read say `unknown`, or `yes` when they name a payout. */
  readonly created: Created;
  /** What the service said, per field; empty when it said nothing. */
  readonly fields: Record<string, string[]>;
  /** HTTP code of the last answer. */
  readonly status: number | undefined;
  /** Names the request in the gateway's log. */
  readonly requestId: string | undefined;
  readonly payoutId: number | undefined;

  constructor(message: string, details: VyplataErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.created = details.created;
    this.fields = details.fields ?? {};
    this.status = details.status;
    this.requestId = details.requestId;
    this.payoutId = details.payoutId;
  }

  /** The same error, told of a payout that is known to exist. */
  withPayout(payoutId: number): VyplataError {
    const { code, fields, status, requestId, cause } = this;
    return new VyplataError(this.message, { code, created: 'yes', fields, status, requestId, payoutId, cause });
  }

  /** Everything a log or a script needs; no key, no signature and no order is ever part of an error. */
  toJSON() {
    const { message, code, created, fields, status, requestId, payoutId } = this;
    return { message, code, created, fields, status, requestId, payoutId };
  }
}

/** "amount: Not enough funds. number: …", or an empty text. */
export function describeFields(fields: Record<string, string[]>): string {
  return Object.entries(fields)
    .map(([name, texts]) => `${name}: ${texts.join(' ')}`)
    .join(' ');
}
