// Owns what a connector is: the questions we ask a provider and the answers we understand.
// Promises that every answer is one of a few outcomes; whatever a connector cannot tell for certain is `unknown`.
// Refuses to know the database, the ledger and the payout's states.
import type { Facts, InquiryOutcome, Outcome } from '../core/outcome.ts';
import type { RecipientKind } from '../core/service.ts';

export type { Evidence, Facts, InquiryOutcome, Outcome } from '../core/outcome.ts';

/** An order to a provider. Text that identifies the recipient is in plain here and nowhere else. */
export type SendOrder = {
  /** Ours, unique per attempt, and the same for every repeat of that attempt. */
  readonly reference: string;
  readonly payoutId: bigint;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly digits: number;
  readonly serviceCode: string;
  readonly recipientKind: RecipientKind;
  readonly number: string;
  readonly customer: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;
  /** W3C Trace Context, for the request to the provider; absent when traces are off. */
  readonly traceparent?: string;
};

export type Inquiry = { readonly order: SendOrder; readonly sentAt: Date; readonly providerId: string | undefined };

/** A callback that was understood and, where the provider signs, verified. */
export type Callback = { readonly reference: string; readonly outcome: Outcome };

export type CallbackRequest = {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
};

export type Connector = {
  readonly name: string;
  readonly facts: Facts;
  /** Never throws for what a provider does; a throw is a bug and counts as unknown. Stops waiting on `signal`. */
  send(order: SendOrder, signal: AbortSignal): Promise<Outcome>;
  inquire(inquiry: Inquiry, signal: AbortSignal): Promise<InquiryOutcome>;
  /** undefined = not a callback of this provider, or its signature is wrong. */
  readCallback(request: CallbackRequest): Callback | undefined;
  close(): Promise<void>;
};
