import { findStatus } from '../../src/payouts/status.ts';
import type { CheckedOrder } from '../../src/payouts/checked-order.ts';
import type { Creation } from '../../src/payouts/create.ts';
import { openLine } from './database.ts';
import { accountId, type Gateway, merchantId, type Site } from './programs.ts';
import type { World } from './world.ts';

/** What a merchant's program knows of its order at the end. */
export type Client = {
  readonly orderId: string;
  /** Every id that was acknowledged for it. */
  readonly acknowledged: bigint[];
  /** It was told for certain that nothing was created, and it gave up. */
  isRefused: boolean;
};

type Given = {
  readonly world: World;
  readonly site: Site;
  readonly gateways: Gateway[];
  readonly count: number;
  readonly spreadMs: number;
};

const patienceMs = 15_000;
/** Orders that arrive together. */
const burst = 8;

export function placeOrders(given: Given): Client[] {
  const clients: Client[] = [];
  for (let at = 0; at < given.count; at += 1) {
    // Now and then two programs send one order, as a retry of a queue does.
    const orderId = `order-${given.world.chance(0.1) && at > 0 ? at - 1 : at}`;
    const client = { orderId, acknowledged: [], isRefused: false };
    clients.push(client);
    void runClient(given, client, at);
    if (given.world.chance(0.3)) void watchOrder(given, client, at);
  }
  return clients;
}

async function runClient(given: Given, client: Client, at: number): Promise<void> {
  const { world, gateways, site } = given;
  // Bursts: many orders arrive together, so that groups and funds are contended.
  await world.sleep(startOf(given, at) + world.between(0, world.chance(0.8) ? 1 : 30));
  const amountMinor = BigInt(50_000 + (Number(client.orderId.slice(6)) % 7) * 10_000);
  for (let tries = 0; tries < 40; tries += 1) {
    const gateway = gateways[world.chance(0.5) ? 0 : 1];
    if (gateway === undefined) return;
    const answer = await Promise.race([create(site, gateway, { orderId: client.orderId, amountMinor }), late(world)]);
    if (answer !== undefined && answer.kind === 'created') {
      client.acknowledged.push(answer.payoutId);
      return;
    }
    if (answer?.kind === 'refused' && tries === 0 && answer.problem.code !== 'unavailable_now') {
      client.isRefused = true;
      return;
    }
    await world.sleep(world.between(200, 4_000));
    if (world.chance(0.4) && (await askStatus(given, client))) return;
  }
}

function startOf(given: Given, at: number): number {
  return Math.floor(at / burst) * (given.spreadMs / (given.count / burst));
}

async function late(world: World): Promise<undefined> {
  await world.sleep(patienceMs);
  return undefined;
}

async function create(
  site: Site,
  gateway: Gateway,
  given: { orderId: string; amountMinor: bigint },
): Promise<Creation | undefined> {
  const { world, mutant } = site;
  const receivedMs = world.now();
  const order = { ...given, number: '79005554455', serviceCode: 'qiwi_rub', endpointId: 5, customer: {}, extra: {} };
  const commissionMinor = given.amountMinor / 100n;
  const checked: CheckedOrder = {
    merchantId,
    accountId,
    currency: 'RUB',
    order,
    recipientKind: 'wallet_phone',
    recipient: { number: order.number, mask: '*' },
    charge: {
      dueMinor: given.amountMinor,
      commissionMinor,
      percentMinor: commissionMinor,
      debitMinor: given.amountMinor + commissionMinor,
    },
    connectors: ['a', 'b'],
    receivedMs,
  };
  // On its way from the moment it was received: that moment is told to the database by the clock it has then.
  const accepting = gateway.program.wait(world.between(0, 2)).then(() => gateway.creator.create(checked));
  watchRequest(site, accepting);
  const creating = accepting.then(async (creation) => {
    await gateway.program.wait(world.between(0, 2));
    return creation;
  });
  if (mutant?.answersBeforeCommit === true) return { kind: 'created', payoutId: 0n, isReplay: false };
  // A mutant that believes a lost answer: whatever took longer than a moment was refused.
  if (mutant?.lostAnswerIsRefusal === true) {
    const impatient = world
      .sleep(6)
      .then((): Creation => ({ kind: 'refused', problem: { code: 'order_id_used', field: '' } }));
    return Promise.race([creating, impatient]);
  }
  return creating.catch(() => undefined);
}

function watchRequest({ requestsUnderWay }: Site, request: Promise<unknown>): void {
  requestsUnderWay.add(request);
  void request.catch(() => {}).then(() => requestsUnderWay.delete(request));
}

/** Somebody else of the merchant's, who asks about the order while it may still be on its way. */
async function watchOrder(given: Given, client: Client, at: number): Promise<void> {
  const { world } = given;
  await world.sleep(startOf(given, at) + world.between(0, 9_000));
  await askStatus(given, { ...client, acknowledged: [] });
}

/** True when the payout is there. "Absent" is remembered: from then on no earlier create may appear. */
async function askStatus({ world, site, gateways }: Given, client: Client): Promise<boolean> {
  const gateway = gateways[world.chance(0.5) ? 0 : 1];
  if (gateway === undefined) return false;
  const probeDb = openLine(site.line, gateway.program);
  const needs = { reader: gateway.reader, probeDb };
  const askedAt = site.store.now();
  const lookup = { orderId: client.orderId };
  const ask =
    site.mutant?.statusWithoutProbe === true
      ? gateway.reader
          .findByOrderId({ merchantId, ...lookup })
          .then((found) => (found === undefined ? 'absent' : 'found'))
      : findStatus(needs, { merchantId, lookup }).then(({ kind }) => kind);
  watchRequest(site, ask);
  const kind = await Promise.race([ask.catch(() => undefined), late(world)]);
  if (kind === 'absent') site.absences.push({ orderId: client.orderId, askedAt, answeredAt: site.store.now() });
  // Half of them give up for good when they are told that there is none: then there must never be one.
  if (kind === 'absent' && world.chance(0.5)) {
    client.isRefused = true;
    return true;
  }
  return false;
}
