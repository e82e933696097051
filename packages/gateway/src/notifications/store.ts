import { createBatch, type OnGroup } from '../db/batch.ts';
import { isStatementRefused, type Sql, type Statement } from '../db/pool.ts';
import type { Job } from '../jobs/queue.ts';
import type { Try } from './send.ts';

export type NotificationState = 'pending' | 'delivered' | 'dead';

export type StoredNotification = {
  readonly merchantId: bigint;
  readonly notificationId: bigint;
  readonly endpointId: number | null;
  readonly url: string;
  readonly method: 'POST' | 'GET';
  readonly signedText: string;
  /** null before the first try was recorded. */
  readonly sign: string | null;
  readonly state: NotificationState;
  readonly tries: number;
  /** Tries made before somebody asked to send it again. */
  readonly triesBefore: number;
  readonly createdAt: Date;
};

type NotificationKey = { readonly merchantId: bigint; readonly notificationId: bigint };

export type DeliveryRecord = {
  readonly job: Job;
  readonly tryNo: number;
  readonly sign: string;
  readonly startedAt: Date;
  readonly made: Try;
  readonly state: NotificationState;
  /** null: there is no next try. */
  readonly runInMs: number | null;
};

export type DeliveryStore = {
  find(key: NotificationKey): Promise<StoredNotification | undefined>;
  /** `false`: another worker owns the job by now, and nothing was written. */
  record(record: DeliveryRecord): Promise<boolean>;
  drain(): Promise<void>;
};

const findNotifications: Statement = {
  name: 'notifications_by_keys',
  text: `select k.item, n.merchant_id as "merchantId", n.notification_id as "notificationId",
      n.endpoint_id as "endpointId", n.url, n.method, n.signed_text as "signedText", n.sign, n.state, n.tries,
      n.tries_before as "triesBefore", n.created_at as "createdAt"
    from unnest($1::bigint[], $2::bigint[]) with ordinality as k (merchant_id, notification_id, item)
    cross join lateral (
      select * from notification q
      where q.merchant_id = k.merchant_id and q.notification_id = k.notification_id offset 0
    ) n`,
};

const recordDeliveries: Statement = {
  name: 'record_deliveries',
  text: 'select record_deliveries_v1 as item from record_deliveries_v1($1)',
};

/** Reads notifications and writes deliveries in groups; each caller waits for its own. */
export function createDeliveryStore(needs: {
  readonly db: Sql;
  readonly overloaded: () => Error;
  readonly onGroup?: OnGroup;
}): DeliveryStore {
  const { db, overloaded } = needs;
  const limits = { itemsMax: 200, groupsMax: 1, waitingMax: 20_000, overloaded };
  const finds = createBatch<NotificationKey, StoredNotification | undefined>({
    ...limits,
    isRetrySafe: isStatementRefused,
    run: async (keys) => {
      const ids = [keys.map((key) => key.merchantId), keys.map((key) => key.notificationId)];
      const rows = await db.run<StoredNotification & { item: bigint }>(findNotifications, ids);
      const found = new Map(rows.map(({ item, ...notification }) => [Number(item) - 1, notification]));
      return keys.map((_, at) => found.get(at));
    },
  });
  const records = createBatch<DeliveryRecord, boolean>({
    ...limits,
    isRetrySafe: isStatementRefused,
    onGroup: needs.onGroup,
    run: async (group) => {
      const input = JSON.stringify(group.map(deliveryRow));
      const rows = await db.run<{ item: number }>(recordDeliveries, [input]);
      const recorded = new Set(rows.map((row) => row.item));
      return group.map((_, at) => recorded.has(at));
    },
  });
  return {
    find: (key) => finds.add(key),
    record: (record) => records.add(record),
    drain: async () => {
      await finds.drain();
      await records.drain();
    },
  };
}

/** A row of the database type delivery_record. Ids travel as text: JSON numbers would lose digits. */
function deliveryRow({ job, tryNo, sign, startedAt, made, state, runInMs }: DeliveryRecord, item: number): object {
  return {
    item,
    merchant_id: job.merchantId.toString(),
    notification_id: job.subjectId.toString(),
    fence: job.fence,
    sign,
    try_no: tryNo,
    started_at: startedAt.toISOString(),
    duration_ms: made.durationMs,
    status_code: made.statusCode,
    error: made.error,
    answer: made.answer,
    state,
    run_in_ms: runInMs,
  };
}
