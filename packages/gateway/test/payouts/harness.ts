import assert from 'node:assert/strict';
import type { Order } from '../../src/core/order.ts';
import { shippedServices } from '../../src/core/catalogue.ts';
import { openDatabaseClock } from '../../src/db/clock.ts';
import { type Db, openPool, type Tally } from '../../src/db/pool.ts';
import { auditLedger } from '../../src/ledger/audit.ts';
import { topUp } from '../../src/ledger/post.ts';
import { createAccount } from '../../src/merchants/accounts.ts';
import { createMerchant } from '../../src/merchants/enroll.ts';
import { seedServices } from '../../src/merchants/services.ts';
import type { CheckedOrder } from '../../src/payouts/checked-order.ts';
import { type Creator, createCreator } from '../../src/payouts/create.ts';
import { openVault, type Vault } from '../../src/secrets/seal.ts';
import { openTestDatabase } from '../database.ts';

export const monotonicMs = (): number => performance.now();

export type Room = {
  /** For a process of its own. */
  readonly url: string;
  readonly db: Db;
  readonly vault: Vault;
  readonly merchantId: bigint;
  readonly accountId: string;
  /** `own`: another vault than the room's, as after a rotation of the master key. */
  openCreator(own?: Vault): Promise<Creator>;
  /** What happened to the connections of the creator that was opened last. */
  creatorTally(): Tally;
  close(): Promise<void>;
};

/** A database with one merchant and one account in roubles that holds `fundedMinor`. */
export async function openRoom(fundedMinor: bigint, open = openTestDatabase): Promise<Room> {
  const database = await open();
  const connection = database.connection;
  const db = openPool({ connection, name: 'test', connectionsMax: 8 });
  const vault = openVault(Buffer.alloc(32, 7));
  const merchantId = await db.tx(async (tx) => {
    await seedServices(tx, shippedServices);
    return (await createMerchant({ tx, vault }, { name: 'Test' })).merchantId;
  });
  const { accountId } = await db.tx((tx) => createAccount(tx, { merchantId, currency: 'RUB', mode: 'sandbox' }));
  await db.tx((tx) =>
    topUp(tx, { merchantId, accountId, amountMinor: fundedMinor, requestKey: 'first', actor: 'test', reason: 'test' }),
  );
  const closing: (() => Promise<void> | void)[] = [];
  let creatorDb = db;
  const { user, host, port, database: name } = connection;
  return {
    url: `postgres://${user}@localhost:${port}/${name}?host=${encodeURIComponent(host)}`,
    db,
    vault,
    merchantId,
    accountId,
    creatorTally: () => creatorDb.tally(),
    async openCreator(own = vault) {
      const pool = openPool({ connection, name: 'test creator', connectionsMax: 4 });
      creatorDb = pool;
      const clock = await openDatabaseClock({ db: pool, monotonicMs });
      closing.push(
        () => clock.close(),
        () => pool.close(),
      );
      return createCreator({
        acceptDb: pool,
        probeDb: pool,
        clock,
        monotonicMs,
        vault: own,
        wake: () => {},
        waitingMax: 5_000,
        groupsMax: 2,
        onLostAnswer: () => {},
      });
    },
    async close() {
      for (const close of closing) await close();
      await db.close();
      await database.close();
    },
  };
}

/** An order that passed every check: `amountMinor` to a wallet, free of commission. */
/** Every claim of the audit about the whole database holds. */
export async function assertSound({ db }: Pick<Room, 'db'>): Promise<void> {
  for (const { name, violations } of await auditLedger(db)) assert.deepEqual(violations, [], name);
}

export function checkedOrder(room: Room, given: { orderId: string; amountMinor: bigint }): CheckedOrder {
  const order: Order = {
    ...given,
    number: '79005554455',
    serviceCode: 'qiwi_rub',
    customer: {},
    extra: {},
  };
  return {
    merchantId: room.merchantId,
    accountId: room.accountId,
    currency: 'RUB',
    order,
    recipientKind: 'wallet_phone',
    recipient: {
      number: order.number,
      mask: '*******4455',
    },
    charge: {
      dueMinor: given.amountMinor,
      debitMinor: given.amountMinor,
      commissionMinor: 0n,
      percentMinor: 0n,
    },
    connectors: ['sandbox'],
    receivedMs: monotonicMs(),
  };
}
