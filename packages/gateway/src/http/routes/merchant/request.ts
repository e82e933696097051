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
};
