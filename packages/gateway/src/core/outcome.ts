import type { CancelReason, FailReason } from './fail-reason.ts';

/** Small, plain facts kept with an attempt. Never the recipient's number or any secret. */
export type Evidence = Readonly<Record<string, string | number | boolean | null>>;

/** How one try through a connector went. Whatever is not known for certain is `unknown`. */
export type Outcome =
  | {
      readonly kind: 'succeeded';
      /** What the recipient got: more than 0, at most what was due. */
      readonly paidMinor: bigint;
      readonly providerId?: string;
      readonly rrn?: string;
      readonly evidence: Evidence;
    }
  /** Taken over by the provider; the end comes later, by inquiry or callback. */
  | { readonly kind: 'accepted'; readonly providerId?: string; readonly askInMs: number; readonly evidence: Evidence }
  /** Refused for certain: no money moved and none will. */
  | { readonly kind: 'rejected'; readonly reason: FailReason; readonly evidence: Evidence }
  /** Stopped for certain before it was executed, by a limit or a person on the provider's side. */
  | { readonly kind: 'cancelled'; readonly reason: CancelReason; readonly evidence: Evidence }
  /** Anything else: time-out, cut connection, 5xx, text that makes no sense. */
  | { readonly kind: 'unknown'; readonly evidence: Evidence };

/** An inquiry can also learn that the provider has no such reference. */
export type InquiryOutcome = Outcome | { readonly kind: 'not_found'; readonly evidence: Evidence };

/** What a provider promises. What it does not declare counts as no. */
export type Facts = {
  /**
   * For how long a second send with the same reference moves no second money, and one that was refused stays refused;
   * 0 = no such promise. Within it a reference that is not found is sent again; else a person has to find out.
   */
  readonly idempotentForMs: number;
  /** Whether the provider can be asked about a reference. */
  readonly canInquire: boolean;
  /** The longest time after which a sent request can still reach the provider; undefined = no promise. */
  readonly deliveryDelayMaxMs: number | undefined;
  /** Whether callbacks carry a signature that is checked. */
  readonly hasSignedCallbacks: boolean;
};
