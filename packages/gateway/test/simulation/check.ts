import { isFinal } from '../../src/core/payout.ts';
import type { Client } from './client.ts';
import { accountId, type Site } from './programs.ts';
import type { Account, PayoutRow } from './store.ts';

export function accountOf(available: bigint): Account {
  return { available, held: 0n, clearing: 0n, paid: 0n, commission: 0n };
}

type Given = { readonly clients: readonly Client[]; readonly funded: bigint };

/** Everything that must never be, after the faults have stopped and nothing moves any more. */
export function checkWorld(site: Site, given: Given): string[] {
  return [
    ...checkAcceptance(site, given.clients),
    ...[...site.store.payouts.values()].flatMap((payout) => checkPayout(site, payout)),
    ...checkMoney(site, given.funded),
    ...site.incidents.filter((incident) => incident.startsWith('bug')),
  ];
}

function checkAcceptance({ store, absences }: Site, clients: readonly Client[]): string[] {
  const wrong: string[] = [];
  const byOrder = Map.groupBy(store.payouts.values(), (payout) => payout.orderId);
  for (const [orderId, payouts] of byOrder) {
    if (payouts.length > 1) wrong.push(`${orderId} has ${payouts.length} payouts`);
  }
  for (const [orderId, group] of Map.groupBy(clients, (client) => client.orderId)) {
    const ids = new Set(group.flatMap((client) => client.acknowledged));
    const payout = byOrder.get(orderId)?.[0];
    if (ids.size > 1) wrong.push(`${orderId} was acknowledged with ${ids.size} ids`);
    for (const id of ids) if (payout?.payoutId !== id) wrong.push(`${orderId}: acknowledged ${id} is not there`);
    for (const absence of absences.filter((one) => one.orderId === orderId)) {
      const wasOnItsWay = payout !== undefined && payout.receivedAt < absence.askedAt;
      if (wasOnItsWay && payout.createdAt > absence.answeredAt) wrong.push(`${orderId} appeared after "not found"`);
    }
    // Everybody was told "not created" for certain, and yet it is there.
    if (payout !== undefined && group.every((client) => client.isRefused)) wrong.push(`${orderId} appeared after a no`);
  }
  return wrong;
}

function checkPayout(site: Site, payout: PayoutRow): string[] {
  const wrong: string[] = [];
  const say = (what: string): void => void wrong.push(`payout ${payout.payoutId} (${payout.state}): ${what}`);
  const id = payout.payoutId.toString();
  const executed = site.providers.reduce((sum, provider) => sum + provider.executions(id), 0);
  if (executed > 1) say(`executed ${executed} times`);
  if (payout.state === 'paid' && executed !== 1) say('paid, but not in the Book');
  // The provider's own contradiction, after the end: people are told, nothing else happens.
  const incidents = payout.incidents.filter((kind) => kind !== 'refused_after_paid');
  const isExcused = incidents.length > 0;
  if ((payout.state === 'fail' || payout.state === 'cancel') && executed > 0 && !isExcused) say('ended, but executed');
  if (isExcused) say(`incident ${incidents.join(', ')}`);
  if (!isFinal(payout.state) && payout.state !== 'review' && !site.store.jobs.has(payout.payoutId)) say('stuck');
  if (payout.state === 'queued' || payout.state === 'sent') say('not ended two hours after the faults');
  if (payout.captures > 1) say(`captured ${payout.captures} times`);
  for (const [from] of payout.transitions) if (isFinal(from)) say(`left the final state ${from}`);
  const told = payout.notifications;
  if (isFinal(payout.state) && told.length !== 1) say(`told ${told.length} times`);
  if (told.some((status) => status !== payout.state)) say(`told as ${told.join(', ')}`);
  const live = payout.attempts.filter((attempt) => ['open', 'accepted', 'unknown'].includes(attempt.state));
  if (live.length > 1) say('two live attempts');
  return wrong;
}

function checkMoney({ store }: Site, funded: bigint): string[] {
  const wrong: string[] = [];
  const account = store.accounts.get(accountId);
  if (account === undefined) return ['the account is gone'];
  const { available, held, clearing, paid, commission } = account;
  if (available + held + clearing + paid + commission !== funded) wrong.push('money is not conserved');
  for (const [name, amount] of Object.entries(account)) if (amount < 0n) wrong.push(`${name} is ${amount}`);
  const open = [...store.payouts.values()].filter((payout) => !isFinal(payout.state));
  const debit = open.reduce((sum, payout) => sum + payout.debitMinor, 0n);
  if (held + clearing !== debit) wrong.push(`${held + clearing} reserved for payouts of ${debit}`);
  const delivered = [...store.payouts.values()].reduce((sum, payout) => sum + (payout.finalPaidMinor ?? 0n), 0n);
  if (paid !== delivered) wrong.push(`${paid} paid by the ledger, ${delivered} by the payouts`);
  return wrong;
}
