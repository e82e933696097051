import type { Charge } from '../core/commission.ts';
import type { Order } from '../core/order.ts';
import type { RecipientKind } from '../core/service.ts';

/** An order that passed every check, with what was computed for it. */
export type CheckedOrder = {
  readonly merchantId: bigint;
  readonly accountId: string;
  readonly currency: string;
  readonly order: Order;
  readonly recipientKind: RecipientKind;
  readonly recipient: { readonly number: string; readonly mask: string };
  readonly charge: Charge;
  readonly connectors: readonly string[];
  /** When the request was received, on the monotonic clock. */
  readonly receivedMs: number;
};
