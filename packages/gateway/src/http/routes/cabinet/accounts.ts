import { z } from 'zod';
import { Refusal } from '../../../core/problem.ts';
import { readBalance, readStatement } from '../../../ledger/read.ts';
import { listAccounts, readAccount } from '../../../merchants/accounts.ts';
import { readMerchant } from '../../../merchants/enroll.ts';
import {
  ownAccountAnswer,
  ownAccountParams,
  ownBalanceAnswer,
  ownPostingAnswer,
  ownServiceAnswer,
  writeOwnAccount,
  writeOwnBalance,
  writeOwnPosting,
  writeOwnService,
} from '../../schemas/cabinet/accounts.ts';
import { pageAnswer, writePage } from '../../schemas/operator/fields.ts';
import { listQuery, merchantAnswer, writeMerchant } from '../../schemas/operator/merchants.ts';
import { exportMerchant, merchantFileType } from '../../export-merchant.ts';
import { defineExport, defineRead, type OperatorRoute } from '../operator/route.ts';
import { nameMerchant } from '../operator/subject.ts';
import { merchantOf } from './own.ts';

const role = 'merchant';

export const ownAccountRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'merchant.read',
    path: '/merchant',
    role,
    summary: 'One’s own merchant',
    answer: merchantAnswer,
    handle: async ({ db }, call) => writeMerchant(await readMerchant(db, merchantOf(call))),
  }),
  defineExport({
    name: 'merchant.export',
    path: '/export',
    role,
    summary: 'Everything that is kept about the merchant: one JSON object a line',
    files: [merchantFileType],
    handle({ db }, call) {
      const merchantId = merchantOf(call);
      return { subject: nameMerchant(merchantId), detail: {}, open: () => exportMerchant(db, merchantId) };
    },
  }),
  defineRead({
    name: 'account.list',
    path: '/accounts',
    role,
    summary: 'The merchant’s accounts with their balances, oldest first',
    answer: pageAnswer(z.object({ account: ownAccountAnswer, balance: ownBalanceAnswer })),
    async handle({ db }, call) {
      const accounts = await listAccounts(db, merchantOf(call));
      const balances = await Promise.all(accounts.map((account) => readBalance(db, account)));
      const items = accounts.flatMap((account, at) => {
        const balance = balances[at];
        if (balance === undefined) return [];
        return [{ account: writeOwnAccount(account), balance: writeOwnBalance(balance, account.currency) }];
      });
      return { items, next_cursor: null };
    },
  }),
  defineRead({
    name: 'account.balance',
    path: '/accounts/{account_id}/balance',
    role,
    summary: 'What an account has',
    params: ownAccountParams,
    answer: ownBalanceAnswer,
    async handle({ db }, call) {
      const account = await readAccount(db, { merchantId: merchantOf(call), accountId: call.params.account_id });
      return writeOwnBalance(await readBalance(db, account), account.currency);
    },
  }),
  defineRead({
    name: 'account.statement',
    path: '/accounts/{account_id}/statement',
    role,
    summary: 'What changed an account’s money, newest first',
    params: ownAccountParams,
    query: listQuery,
    answer: pageAnswer(ownPostingAnswer),
    async handle({ db }, call) {
      const { cursor: beforeId, limit } = call.query;
      const account = await readAccount(db, { merchantId: merchantOf(call), accountId: call.params.account_id });
      const rows = await readStatement(db, { ...account, beforeId, limit: limit + 1 });
      const write = (posting: (typeof rows)[number]) => writeOwnPosting(posting, account.currency);
      return writePage(rows, { limit, idOf: ({ postingId }) => postingId, write });
    },
  }),
  defineRead({
    name: 'account_service.list',
    path: '/accounts/{account_id}/services',
    role,
    summary: 'Services of an account’s currency with limits and commission',
    params: ownAccountParams,
    answer: pageAnswer(ownServiceAnswer),
    async handle({ directory }, call) {
      const account = await directory.findAccount(call.params.account_id);
      if (account === undefined || account.merchantId !== merchantOf(call)) {
        throw new Refusal([{ code: 'record_unknown', field: 'account_id' }]);
      }
      return { items: account.allServices.map(writeOwnService), next_cursor: null };
    },
  }),
];
