import type { JsonObject } from '../../../core/json.ts';
import type { AccountEntry } from '../../../merchants/directory.ts';
import type { Language } from '../../errors.ts';

/** A request whose signature was verified and whose body was read. */
export type MerchantRequest = {
  readonly account: AccountEntry;
  readonly json: JsonObject;
  readonly language: Language;
  /** When it had been read whole, on the monotonic clock. */
  readonly receivedMs: number;
  /** Where payouts are followed. */
  readonly followed?: Followed;
};

/** What is known of a request before its order is a payout. */
export type Followed = {
  /** When its signature had been verified, on the monotonic clock. */
  readonly verifiedMs: number;
  /** Its header `traceparent`, as it came. */
  readonly traceparent: string | readonly string[] | undefined;
};
