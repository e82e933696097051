import {
  type Change,
  type Decision,
  decidePayout,
  type Final,
  isFinal,
  type PayoutEvent,
  type Policy,
} from '../core/payout.ts';
import { type Announcement, announcePayout } from '../notifications/announce.ts';
import type { Trail } from '../traces/trail.ts';
import type { Recorder } from './record.ts';
import type { PayoutReader, StoredPayout } from './store.ts';

type Account = {
  readonly currency: { readonly digits: number };
  readonly notificationMethod: 'POST' | 'GET';
  readonly endpoints: Parameters<typeof announcePayout>[0]['endpoints'];
};

export type Needs = {
  readonly reader: PayoutReader;
  readonly recorder: Recorder;
  readonly policy: Policy;
  readonly directory: { findAccount(accountId: string): Promise<Account | undefined> };
  /** There may be payouts to send now. */
  readonly wake: (kind: 'payout') => void;
  readonly onIncident: (incident: { kind: string; payoutId: bigint; merchantId: bigint }) => void;
  /** For whoever counts what happens. */
  readonly meter?: Meter;
  readonly trail?: Trail | undefined;
};

type Meter = {
  noteApplied(applied: { readonly payout: StoredPayout; readonly event: PayoutEvent; readonly change: Change }): void;
  noteLeaseLost(): void;
  /** One question to a provider and how long its answer took. */
  noteCall(call: {
    readonly connector: string;
    readonly asked: 'send' | 'repeat' | 'inquiry';
    readonly seconds: number;
  }): void;
};

/** Who says so: a worker with its fence, a provider's callback, or a person. */
export type Source = { readonly actor: string; readonly fence?: number };

export type Settlement =
  | { readonly kind: 'applied'; readonly payout: StoredPayout; readonly change: Change }
  | { readonly kind: 'refused'; readonly why: string }
  /** Another worker owns the payout now: whatever is left to do is its business. */
  | { readonly kind: 'overtaken' };

/** How often a change is decided anew because the payout moved in between, before that counts as a bug. */
const decisionsMax = 5;

/**
 * Decides what an event means and writes it: state, posting, attempt, notifications and next step in one transaction.
 * If the payout moved on since it was read, it is read and decided again; the event is never written upon a state it
 * was not decided for.
 */
export async function settlePayout(
  needs: Needs,
  input: { readonly payout: StoredPayout; readonly event: PayoutEvent; readonly source: Source },
): Promise<Settlement> {
  let { payout } = input;
  for (let round = 0; round < decisionsMax; round += 1) {
    const decision: Decision = decidePayout(payout, input.event, needs.policy);
    if (decision.kind === 'refused') return decision;
    const { change } = decision;
    if (payout.archivedAt !== undefined) return noteArchived(needs, payout, change);
    const announcements = await announceChange(needs, payout, change);
    // A contradiction counts from a worker that was overtaken, too: nobody else may ever hear it.
    const source = change.cause === 'contradiction' ? { actor: input.source.actor } : input.source;
    const step = needs.trail?.begin('settle', payout);
    const isApplied = await needs.recorder.record({ payout, change, announcements, ...source });
    step?.end({ cause: change.cause, state: change.to, ...(isApplied ? {} : { isFailed: true }) });
    if (isApplied) {
      if (change.nextInMs === 0) needs.wake('payout');
      reportIncident(needs, payout, change);
      needs.meter?.noteApplied({ payout, change, event: input.event });
      return { kind: 'applied', payout, change };
    }
    const current = await needs.reader.findPayout(payout);
    if (current === undefined) throw new Error(`payout ${payout.payoutId} disappeared`);
    // Same version and still not applied: it was the fence, or it is archived by now and is decided about as such.
    if (current.version === payout.version && current.archivedAt === undefined) {
      needs.meter?.noteLeaseLost();
      return { kind: 'overtaken' };
    }
    payout = current;
  }
  throw new Error(`payout ${payout.payoutId} changed ${decisionsMax} times while one event was being decided`);
}

function reportIncident(needs: Needs, { payoutId, merchantId }: StoredPayout, { incident }: Change): void {
  if (incident !== undefined) needs.onIncident({ kind: incident.kind, payoutId, merchantId });
}

/** Nothing of an archived payout changes any more; late evidence against its end is for people to see. */
async function noteArchived(needs: Needs, payout: StoredPayout, change: Change): Promise<Settlement> {
  const { incident } = change;
  if (incident === undefined) return { kind: 'refused', why: 'archived' };
  await needs.recorder.openIncident({ payout, incident });
  reportIncident(needs, payout, change);
  return { kind: 'applied', payout, change };
}

async function announceChange(needs: Needs, payout: StoredPayout, change: Change): Promise<readonly Announcement[]> {
  const { final, to } = change;
  if (final === undefined || !isFinal(to) || isFinal(payout.state)) return [];
  const account = await needs.directory.findAccount(payout.accountId);
  if (account === undefined) throw new Error(`account ${payout.accountId} of payout ${payout.payoutId} is not there`);
  return announceFinal(payout, { to, final }, account);
}

function announceFinal(
  payout: StoredPayout,
  change: { readonly to: 'paid' | 'fail' | 'cancel'; readonly final: Final },
  account: Account,
): readonly Announcement[] {
  return announcePayout({
    payout: {
      payoutId: payout.payoutId,
      merchantId: payout.merchantId,
      orderId: payout.orderId,
      accountId: payout.accountId,
      serviceCode: payout.serviceCode,
      digits: account.currency.digits,
      amountMinor: payout.amountMinor,
      endpointId: payout.endpointId,
      endpointUrl: payout.endpointUrl,
    },
    state: change.to,
    paidMinor: change.final.paidMinor,
    commissionMinor: change.final.commissionMinor,
    dueMinor: payout.charge.dueMinor,
    endpoints: account.endpoints,
    defaultMethod: account.notificationMethod,
  });
}
