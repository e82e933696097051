import assert from 'node:assert/strict';
import type { Db } from '../../src/db/pool.ts';
import { createQueue, type Job } from '../../src/jobs/queue.ts';
import { type Directory, openDirectory } from '../../src/merchants/directory.ts';
import { createEndpoint, type EndpointChange, updateEndpoint } from '../../src/merchants/endpoints.ts';
import { revealWebhookSecret } from '../../src/merchants/enroll.ts';
import { type Announcement, announcePayout } from '../../src/notifications/announce.ts';
import { createDeliverer, type Deliverer, deliveryLeaseMs, type Needs } from '../../src/notifications/deliver.ts';
import { enroll, openAccount, openGround, vault } from '../merchants/harness.ts';

const silent = { warn() {}, info() {} };

export type NotificationRow = {
  readonly state: string;
  readonly tries: number;
  readonly tries_before: number;
  readonly sign: string | null;
  readonly ended_at: Date | null;
};

export type DeliveryRow = {
  readonly try_no: number;
  readonly status_code: number | null;
  readonly error: string | null;
  readonly answer: string | null;
};

/** A merchant with an account in a database of its own, and the tools to deliver its notifications step by step. */
export type NotificationGround = {
  readonly db: Db;
  readonly directory: Directory;
  readonly merchantId: bigint;
  readonly accountId: string;
  /** Of the notification key: PEM. */
  readonly publicKey: string;
  readonly webhookSecret: string;
  makeDeliverer(differences?: Partial<Needs>): Deliverer;
  addEndpoint(url: string, method?: 'POST' | 'GET'): Promise<{ endpointId: number; secret: string }>;
  changeEndpoint(change: Omit<EndpointChange, 'merchantId'>): Promise<void>;
  /** Writes a notification about a paid payout with its job, as the end of a payout does. */
  announce(target: Pick<Announcement, 'url'> & Partial<Announcement>): Promise<bigint>;
  claim(leaseMs?: number): Promise<Job[]>;
  claimOne(leaseMs?: number): Promise<Job>;
  read(notificationId: bigint): Promise<NotificationRow>;
  deliveries(notificationId: bigint): Promise<DeliveryRow[]>;
  close(): Promise<void>;
};

export async function openNotificationGround(): Promise<NotificationGround> {
  const { db, close } = await openGround();
  const { merchantId } = await enroll(db);
  const { accountId } = await openAccount(db, { merchantId });
  const directory = openDirectory({ db, log: silent, pollMs: 3_600_000 });
  const queue = createQueue({ db });
  const deliverers: Deliverer[] = [];
  const claim = (leaseMs = deliveryLeaseMs) =>
    queue.claim({ kind: 'notification', countMax: 100, leaseMs, busyLanes: [] });
  return {
    db,
    directory,
    merchantId,
    accountId,
    claim,
    publicKey: (await directory.findMerchant(merchantId)).notificationKey.publicPem,
    webhookSecret: await revealWebhookSecret({ tx: db, vault }, merchantId),
    makeDeliverer(differences = {}) {
      const needs = { db, directory, vault, log: silent, allowLoopback: true, overloaded: () => new Error('full') };
      const deliverer = createDeliverer({ ...needs, ...differences });
      deliverers.push(deliverer);
      return deliverer;
    },
    async addEndpoint(url, method = 'POST') {
      const input = { merchantId, url, method };
      const made = await db.tx((tx) => createEndpoint({ tx, vault, allowLoopback: true }, input));
      await directory.refresh();
      return { endpointId: made.endpoint.endpointId, secret: made.secret };
    },
    async changeEndpoint(change) {
      await db.tx((tx) => updateEndpoint({ tx, allowLoopback: true }, { merchantId, ...change }));
      await directory.refresh();
    },
    announce: (target) => writeNotification(db, { merchantId, accountId, ...target }),
    async claimOne(leaseMs) {
      const [job, ...others] = await claim(leaseMs);
      assert.ok(job !== undefined, 'there is a job to claim');
      assert.equal(others.length, 0, 'there is one job only');
      return job;
    },
    ...readersOf(db),
    async close() {
      await Promise.all(deliverers.map((deliverer) => deliverer.close()));
      await directory.close();
      await close();
    },
  };
}

/** What became of a notification, as the database has it. */
function readersOf(db: Db): Pick<NotificationGround, 'read' | 'deliveries'> {
  return {
    async read(notificationId) {
      const [row] = await db.query<NotificationRow>('select * from notification where notification_id = $1', [
        notificationId,
      ]);
      assert.ok(row !== undefined);
      return row;
    },
    deliveries: (notificationId) =>
      db.query<DeliveryRow>(
        'select try_no, status_code, error, answer from delivery where notification_id = $1 order by try_no',
        [notificationId],
      ),
  };
}

type Written = { readonly merchantId: bigint; readonly accountId: string } & Pick<Announcement, 'url'> &
  Partial<Announcement>;

async function writeNotification(db: Db, { merchantId, accountId, ...target }: Written): Promise<bigint> {
  const [announcement] = announcePayout({
    payout: {
      merchantId,
      accountId,
      payoutId: 100000536n,
      orderId: 'A/1 я',
      serviceCode: 'qiwi_rub',
      digits: 2,
      amountMinor: 30000n,
      endpointId: undefined,
      endpointUrl: target.url,
    },
    state: 'paid',
    paidMinor: 29_000n,
    commissionMinor: 1_000n,
    dueMinor: 30_000n,
    endpoints: new Map(),
    defaultMethod: target.method ?? 'POST',
  });
  const { endpoint_id, url, method, signed_text, lane, dead } = { ...announcement, ...target } as Announcement;
  const [row] = await db.query<{ id: bigint }>(
    `with new as (
       insert into notification (merchant_id, notification_id, payout_id, account_id, endpoint_id, url, method,
         signed_text, state, ended_at)
       values ($1, nextval('notification_id'), 100000536, $2, $3, $4, $5, $6,
         case when $8 then 'dead' else 'pending' end, case when $8 then now() end)
       returning notification_id
     ), queued as (
       insert into job (kind, merchant_id, subject_id, lane)
       select 'notification', $1, notification_id, $7 from new where not $8
     )
     select notification_id as id from new`,
    [merchantId, accountId, endpoint_id, url, method, signed_text, lane, dead],
  );
  assert.ok(row !== undefined);
  return row.id;
}
