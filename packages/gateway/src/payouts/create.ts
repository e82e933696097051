import { timingSafeEqual } from 'node:crypto';
import { canonicalOrder, type Order } from '../core/order.ts';
import { type Problem, Refusal } from '../core/problem.ts';
import { type Batch, createBatch, type OnGroup } from '../db/batch.ts';
import { isCertainlyAborted, isStatementRefused, type Sql } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';
import type { CheckedOrder } from './checked-order.ts';
import {
  type AcceptItem,
  type AcceptNeeds,
  type AcceptResult,
  acceptOrders,
  findOrder,
  type OrderRecord,
  probeOrder,
} from './accept.ts';
import { sealRecipient } from './recipient-seal.ts';

export type Creation =
  /** Committed, now or by an earlier request of the same order. */
  | { readonly kind: 'created'; readonly payoutId: bigint; readonly isReplay: boolean }
  /** Certainly nothing was created by this request; `payoutId` names the payout that already has the order_id. */
  | { readonly kind: 'refused'; readonly problem: Problem; readonly payoutId?: bigint }
  /** Not even the database could be asked: the status call will tell. */
  | { readonly kind: 'unknown' };

/** `acceptDb`: a pool of the accepts alone. */
export type Needs = AcceptNeeds & {
  /** Fresh connections for probing after a lost answer. */
  readonly probeDb: Sql;
  readonly vault: Vault;
  /** Orders that may wait for the database before new ones are refused. */
  readonly waitingMax: number;
  readonly groupsMax: number;
  readonly onLostAnswer: (error: unknown) => void;
  /** For whoever measures the groups. */
  readonly onGroup?: OnGroup;
};

export type Creator = {
  create(checked: CheckedOrder): Promise<Creation>;
  /** The payout of an order that was accepted before, whatever has become of services, limits and keys since. */
  findRepeat(input: {
    readonly merchantId: bigint;
    readonly accountId: string;
    readonly order: Order;
  }): Promise<Repeat>;
  /**
   * Whether one more order would be refused for lack of room: worth knowing before any work is done on it. `coming`:
   * those that are being examined and will want to wait.
   */
  isFull(coming: number): boolean;
  waiting(): number;
  drain(): Promise<void>;
};

export type Repeat =
  | { readonly kind: 'same'; readonly payoutId: bigint }
  | { readonly kind: 'other'; readonly payoutId: bigint }
  | { readonly kind: 'none' };

/** How long an order may take until its commit; the database itself refuses to commit it later. */
const acceptWithinMs = 8_000;
/** An item that collided inside its batch goes into the next one, this often at most. */
const batchesMax = 4;

const unavailable: Problem = { code: 'unavailable_now', field: 'request' };

export function createCreator(needs: Needs): Creator {
  const batch: Batch<AcceptItem, AcceptResult> = createBatch({
    itemsMax: 300,
    groupsMax: needs.groupsMax,
    waitingMax: needs.waitingMax,
    overloaded: () => new Refusal([{ code: 'overloaded', field: 'request' }]),
    isRetrySafe: isStatementRefused,
    onGroup: needs.onGroup,
    run: (items) => acceptOrders(needs, items, acceptWithinMs),
  });
  return {
    create: (checked) => createPayout(needs, batch, checked),
    findRepeat: (input) => findRepeat(needs, input),
    isFull: (coming) => coming + batch.waiting() >= needs.waitingMax,
    waiting: () => batch.waiting(),
    drain: () => batch.drain(),
  };
}

/** Accepts an order: the payout, its hold and the work to send it are committed together, or nothing is. */
async function createPayout(
  needs: Needs,
  batch: Batch<AcceptItem, AcceptResult>,
  checked: CheckedOrder,
): Promise<Creation> {
  const text = canonicalOrder(checked.accountId, checked.order);
  const item: AcceptItem = {
    ...checked,
    digest: needs.vault.digest(text),
    digestKey: needs.vault.digestKey,
    sealed: sealRecipient(needs.vault, {
      merchantId: checked.merchantId,
      order: checked.order,
      number: checked.recipient.number,
    }),
    searchHash: needs.vault.searchHash(checked.recipient.number),
  };
  try {
    return await acceptItem(needs, batch, { item, text });
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.problems[0] ?? unavailable);
    if (isCertainlyAborted(error)) {
      needs.onLostAnswer(error);
      return refuse(unavailable);
    }
    return resolveLostAnswer(needs, { item, text, error });
  }
}

type Accepting = { readonly item: AcceptItem; readonly text: string };

async function acceptItem(
  needs: Needs,
  batch: Batch<AcceptItem, AcceptResult>,
  { item, text }: Accepting,
): Promise<Creation> {
  for (let round = 0; round < batchesMax; round += 1) {
    const result = await batch.add(item);
    switch (result.verdict) {
      case 'accepted':
        return { kind: 'created', payoutId: result.payoutId, isReplay: false };
      case 'exists':
        return compareOrder(needs, text, result.record);
      case 'funds':
        return refuse({ code: 'funds_insufficient', field: 'amount' });
      case 'orders_per_minute':
        return refuse({ code: 'too_fast', field: 'request' });
      case 'amount_per_day':
        return refuse({ code: 'amount_over_limit', field: 'amount' });
      case 'barred':
        // A tombstone that seems newer than the request: our idea of the database's clock may be behind.
        await needs.clock.sync();
        break;
      case 'again':
        break;
      default:
        return result satisfies never;
    }
  }
  return refuse(unavailable);
}

function compareOrder(needs: Needs, text: string, record: OrderRecord): Creation {
  if (isSameOrder(needs, text, record)) return { kind: 'created', payoutId: record.payoutId, isReplay: true };
  return { kind: 'refused', problem: { code: 'order_id_used', field: 'order_id' }, payoutId: record.payoutId };
}

function isSameOrder(needs: Needs, text: string, record: OrderRecord): boolean {
  return timingSafeEqual(needs.vault.digest(text, record.digestKey), record.digest);
}

/**
 * The answer to an accept was lost, so it may have committed. A tombstone under the same key decides: if it can be
 * written, the accept can never commit any more; if it cannot, what stands there tells how the accept went.
 */
async function resolveLostAnswer(needs: Needs, lost: Accepting & { readonly error: unknown }): Promise<Creation> {
  const { item, text, error } = lost;
  needs.onLostAnswer(error);
  try {
    const record = await probeOrder(needs.probeDb, { merchantId: item.merchantId, orderId: item.order.orderId });
    return record === undefined ? refuse(unavailable) : compareOrder(needs, text, record);
  } catch (failure) {
    needs.onLostAnswer(failure);
    return { kind: 'unknown' };
  }
}

async function findRepeat(
  needs: Needs,
  input: { readonly merchantId: bigint; readonly accountId: string; readonly order: Order },
): Promise<Repeat> {
  const { merchantId, accountId, order } = input;
  const key = { merchantId, orderId: order.orderId };
  if ((await findOrder(needs.probeDb, key)) === undefined) return { kind: 'none' };
  // What can be read here may be on no standby yet. Asked by a statement that writes, the answer waits until it is.
  const record = await probeOrder(needs.probeDb, key);
  if (record === undefined) return { kind: 'none' };
  const isSame = isSameOrder(needs, canonicalOrder(accountId, order), record);
  return { kind: isSame ? 'same' : 'other', payoutId: record.payoutId };
}

function refuse(problem: Problem): Creation {
  return { kind: 'refused', problem };
}
