import type { Sql } from '../db/pool.ts';
import { readBalance, readStatement } from '../ledger/read.ts';
import { type Account, listAccounts } from '../merchants/accounts.ts';
import { listEndpoints } from '../merchants/endpoints.ts';
import { readMerchant } from '../merchants/enroll.ts';
import { listKeys } from '../merchants/keys.ts';
import { readLimits } from '../merchants/limits.ts';
import { readNetworks } from '../merchants/networks.ts';
import { listNotificationKeys } from '../merchants/notification-keys.ts';
import { listAccountServices } from '../merchants/services.ts';
import { type AuditRow, findLastRow, listActionsAbout } from '../operators/record-action.ts';
import { listUsers } from '../operators/users.ts';
import { listDeliveriesAfter, listNotifications } from '../payouts/history.ts';
import { searchPayouts } from '../payouts/search.ts';
import { type ExportedFile, openExport } from './export-file.ts';
import { actorOf } from './routes/operator/route.ts';
import { nameMerchant } from './routes/operator/subject.ts';
import { writeOwnAccount, writeOwnBalance, writeOwnPosting } from './schemas/cabinet/accounts.ts';
import { writeOwnNotification, writeOwnPayout } from './schemas/cabinet/payouts.ts';
import { writeMoment } from './schemas/operator/fields.ts';
import { writeAccountLimits } from './schemas/operator/limits.ts';
import {
  writeEndpoint,
  writeKey,
  writeMerchant,
  writeNotificationKey,
  writePosting,
} from './schemas/operator/merchants.ts';
import { writeDelivery } from './schemas/operator/payout-fields.ts';
import { writeUser } from './schemas/operator/people.ts';
import { writeAccountService } from './schemas/operator/services.ts';

export const merchantFileType = 'application/x-ndjson; charset=utf-8';

const pageRows = 1_000;
/** More than anybody has: these lists have no pages. */
const recordsMax = 100_000;

/** One line: what it is, and the record itself. */
type Entry = readonly [type: string, data: object];

/**
 * Everything that is kept about a merchant, as far as it is the merchant's to know: one JSON object a line, read page
 * by page while it is sent. The last line says how many there are of each type: a file without it is cut off. Secrets
 * and whole numbers of recipients are not in it, nor what only operators see: attempts, evidence and who decided.
 * Throws a Refusal when too many exports are under way.
 */
export function exportMerchant(sql: Sql, merchantId: bigint): ExportedFile {
  return openExport({
    contentType: merchantFileType,
    name: `merchant-${merchantId}`,
    ending: 'ndjson',
    make: () => writeLines(listEntries(sql, merchantId), merchantId),
  });
}

async function* writeLines(pages: AsyncIterable<readonly Entry[]>, merchantId: bigint): AsyncGenerator<Uint8Array> {
  const counts: Record<string, number> = {};
  const write = (entries: readonly Entry[]): Uint8Array =>
    Buffer.from(entries.map(([type, data]) => `${JSON.stringify({ type, data })}\n`).join(''));
  yield write([['export', { merchant_id: Number(merchantId), begun_at: writeMoment(new Date()) }]]);
  for await (const page of pages) {
    for (const [type] of page) counts[type] = (counts[type] ?? 0) + 1;
    if (page.length > 0) yield write(page);
  }
  yield write([['end', { ended_at: writeMoment(new Date()), counts }]]);
}

async function* listEntries(sql: Sql, merchantId: bigint): AsyncGenerator<readonly Entry[]> {
  yield await listMaster(sql, merchantId);
  for (const account of await listAccounts(sql, merchantId)) {
    yield await listAccount(sql, account);
    yield* listPostings(sql, account);
  }
  yield* listPayouts(sql, merchantId);
  yield* listTold(sql, merchantId);
  yield* listDone(sql, merchantId);
}

/** Who the merchant is, and by which keys, addresses and people it is known. */
async function listMaster(sql: Sql, merchantId: bigint): Promise<Entry[]> {
  const { ordersPerMinute } = await readLimits(sql, { merchantId });
  const limits = { orders_per_minute: ordersPerMinute, networks: await readNetworks(sql, merchantId) };
  const all = <Row>(type: string, rows: readonly Row[], write: (row: Row) => object): Entry[] =>
    rows.map((row) => [type, write(row)] as const);
  return [
    ['merchant', { ...writeMerchant(await readMerchant(sql, merchantId)), ...limits }],
    ...all('key', await listKeys(sql, merchantId, recordsMax), writeKey),
    ...all('notification_key', await listNotificationKeys(sql, merchantId, recordsMax), writeNotificationKey),
    ...all('endpoint', await listEndpoints(sql, merchantId), writeEndpoint),
    ...all('person', await listUsers(sql, merchantId, recordsMax), writeUser),
  ];
}

async function listAccount(sql: Sql, account: Account): Promise<Entry[]> {
  const { accountId: account_id, currency } = account;
  const balance = writeOwnBalance(await readBalance(sql, account), currency);
  const limits = writeAccountLimits(await readLimits(sql, account), currency);
  const services = await listAccountServices(sql, account);
  return [
    ['account', { ...writeOwnAccount(account), balance, limits }],
    ...services.flatMap(({ service, use }): Entry[] => {
      if (use === undefined) return [];
      const { service: _, ...own } = writeAccountService(service, use);
      return [['account_service', { account_id, service_code: service.code, ...own }]];
    }),
  ];
}

async function* listPostings(sql: Sql, account: Account): AsyncGenerator<readonly Entry[]> {
  const { accountId: account_id, currency } = account;
  for (let beforeId: bigint | undefined; ; ) {
    const rows = await readStatement(sql, { ...account, beforeId, limit: pageRows });
    yield rows.map((row) => {
      const { changes } = writePosting(row, currency);
      return ['posting', { account_id, ...writeOwnPosting(row, currency), changes }] as const;
    });
    if (rows.length < pageRows) return;
    beforeId = rows.at(-1)?.postingId;
  }
}

async function* listPayouts(sql: Sql, merchantId: bigint): AsyncGenerator<readonly Entry[]> {
  for (let beforeId: bigint | undefined; ; ) {
    const rows = await searchPayouts(sql, { merchantId }, { beforeId, limit: pageRows });
    yield rows.map((row) => ['payout', writeOwnPayout(row)] as const);
    if (rows.length < pageRows) return;
    beforeId = rows.at(-1)?.payoutId;
  }
}

/** What the merchant was told, and every try. */
async function* listTold(sql: Sql, merchantId: bigint): AsyncGenerator<readonly Entry[]> {
  for (let beforeId: bigint | undefined; ; ) {
    const page = { merchantId, beforeId, limit: pageRows, state: undefined, endpointId: undefined };
    const rows = await listNotifications(sql, page);
    yield rows.map((row) => {
      const { signedText: signed_text, sign } = row;
      return ['notification', { ...writeOwnNotification(row), signed_text, sign }] as const;
    });
    if (rows.length < pageRows) break;
    beforeId = rows.at(-1)?.notificationId;
  }
  for (let after = { notificationId: 0n, tryNo: 0 }; ; ) {
    const rows = await listDeliveriesAfter(sql, { merchantId, ...after, limit: pageRows });
    yield rows.map((row) => ['delivery', writeDelivery(row)] as const);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = last;
  }
}

/** What the merchant's people did, and that operators did something about the merchant. */
async function* listDone(sql: Sql, merchantId: bigint): AsyncGenerator<readonly Entry[]> {
  const people = (await listUsers(sql, merchantId, recordsMax)).map(actorOf);
  const own = new Set(people);
  const lastRowNo = await findLastRow(sql);
  for (let afterRowNo = 0n; afterRowNo < lastRowNo; ) {
    const toRowNo = afterRowNo + BigInt(actionsRead);
    const rows = await listActionsAbout(sql, {
      subject: nameMerchant(merchantId),
      actors: people,
      afterRowNo,
      toRowNo,
    });
    yield rows.map((row) => ['action', writeAction(row, own.has(row.actor))] as const);
    afterRowNo = toRowNo;
  }
}

/** Rows of the audit log that are looked through at once, whomever they concern. */
const actionsRead = 20_000;

function writeAction({ rowNo, actor, action, subject, detail, createdAt }: AuditRow, isOwn: boolean): object {
  const what = { id: Number(rowNo), action, subject, created_at: writeMoment(createdAt) };
  return isOwn ? { ...what, actor, detail } : { ...what, actor: actor.split(':', 1)[0] ?? '' };
}
