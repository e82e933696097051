import { maskNumber, recipientSpellings } from '../../../core/recipient.ts';
import { readPayoutHistory } from '../../../payouts/history.ts';
import { contentTypes, exportPayouts } from '../../export-payouts.ts';
import { searchPayouts } from '../../../payouts/search.ts';
import {
  ownExportQuery,
  ownHistoryAnswer,
  ownPayoutAnswer,
  ownPayoutQuery,
  ownSearchBody,
  writeOwnHistory,
  writeOwnPayout,
} from '../../schemas/cabinet/payouts.ts';
import { pageAnswer, writePage } from '../../schemas/operator/fields.ts';
import { payoutParams, readFilter, readSearch, writeFilter } from '../../schemas/operator/payouts.ts';
import { defineChange, defineExport, defineRead, type OperatorRoute } from '../operator/route.ts';
import { nameMerchant } from '../operator/subject.ts';
import { merchantOf } from './own.ts';

const role = 'merchant';

export const ownPayoutRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'payout.list',
    path: '/payouts',
    role,
    summary: 'The merchant’s payouts, newest first',
    query: ownPayoutQuery,
    answer: pageAnswer(ownPayoutAnswer),
    async handle({ db }, call) {
      const { cursor: beforeId, limit } = call.query;
      const filter = { ...readFilter(call.query), merchantId: merchantOf(call) };
      const rows = await searchPayouts(db, filter, { beforeId, limit: limit + 1 });
      return writePage(rows, { limit, idOf: ({ payoutId }) => payoutId, write: writeOwnPayout });
    },
  }),
  defineExport({
    name: 'payout.export',
    path: '/payouts/export',
    role,
    summary: 'The merchant’s payouts of a filter as a file, newest first; formulas in it are neutralised',
    query: ownExportQuery,
    files: Object.values(contentTypes),
    handle({ db }, call) {
      const merchantId = merchantOf(call);
      const filter = { ...readFilter(call.query), merchantId };
      const open = () => exportPayouts(db, { filter, format: call.query.format, isForOperators: false });
      return { subject: nameMerchant(merchantId), detail: writeFilter(call.query), open };
    },
  }),
  defineChange({
    name: 'payout.search',
    method: 'POST',
    path: '/payouts/search',
    role,
    summary: 'The merchant’s payouts to one recipient by the whole number',
    body: ownSearchBody,
    answer: pageAnswer(ownPayoutAnswer),
    async handle({ tx, vault }, call) {
      const { recipient, cursor: beforeId, limit } = call.body;
      const merchantId = merchantOf(call);
      const recipientHashes = recipientSpellings(recipient).flatMap((number) => vault.searchHashes(number));
      const filter = { ...readSearch(call.body), merchantId, recipientHashes };
      const rows = await searchPayouts(tx, filter, { beforeId, limit: limit + 1 });
      const answer = writePage(rows, { limit, idOf: ({ payoutId }) => payoutId, write: writeOwnPayout });
      return { answer, subject: nameMerchant(merchantId), detail: { recipient: maskNumber(recipient) } };
    },
  }),
  defineRead({
    name: 'payout.read',
    path: '/payouts/{payout_id}',
    role,
    summary: 'One payout with what happened to it and what was told about it',
    params: payoutParams,
    answer: ownHistoryAnswer,
    handle: async ({ db }, call) =>
      writeOwnHistory(await readPayoutHistory(db, call.params.payout_id, merchantOf(call))),
  }),
];
