import { freeze, type Moved, type Movement, topUp, unfreeze, withdraw } from '../../../ledger/post.ts';
import { readBalance, readStatement } from '../../../ledger/read.ts';
import { readAccount } from '../../../merchants/accounts.ts';
import type { Tx } from '../../../db/pool.ts';
import { pageAnswer, readAmount, writePage } from '../../schemas/operator/fields.ts';
import {
  accountParams,
  balanceAnswer,
  listQuery,
  movementAnswer,
  movementBody,
  postingAnswer,
  writeBalance,
  writePosting,
} from '../../schemas/operator/merchants.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameAccount } from './subject.ts';

const accountPath = '/merchants/{merchant_id}/accounts/{account_id}';

export const moneyRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'account.balance',
    path: `${accountPath}/balance`,
    role: 'viewer',
    summary: 'What an account has, by ledger account',
    params: accountParams,
    answer: balanceAnswer,
    async handle({ db }, { params }) {
      const account = await readAccount(db, { merchantId: params.merchant_id, accountId: params.account_id });
      return writeBalance(await readBalance(db, account), account.currency);
    },
  }),
  defineRead({
    name: 'account.statement',
    path: `${accountPath}/statement`,
    role: 'viewer',
    summary: 'Postings of an account, newest first',
    params: accountParams,
    query: listQuery,
    answer: pageAnswer(postingAnswer),
    async handle({ db }, { params, query }) {
      const account = await readAccount(db, { merchantId: params.merchant_id, accountId: params.account_id });
      const { merchantId, accountId, currency } = account;
      const rows = await readStatement(db, { merchantId, accountId, beforeId: query.cursor, limit: query.limit + 1 });
      return writePage(rows, {
        limit: query.limit,
        idOf: ({ postingId }) => postingId,
        write: (posting) => writePosting(posting, currency),
      });
    },
  }),
  defineMovement({
    name: 'account.top_up',
    noun: 'top-ups',
    summary: 'Add money that arrived for the account',
    move: topUp,
  }),
  defineMovement({
    name: 'account.withdraw',
    noun: 'withdrawals',
    summary: 'Take money off the account that was returned to its owner',
    move: withdraw,
  }),
  defineMovement({
    name: 'account.freeze',
    noun: 'freezes',
    summary: 'Take money out of use until it is unfrozen',
    move: freeze,
  }),
  defineMovement({
    name: 'account.unfreeze',
    noun: 'unfreezes',
    summary: 'Put frozen money back into use',
    move: unfreeze,
  }),
];

type MovementRoute = {
  readonly name: string;
  readonly noun: string;
  readonly summary: string;
  readonly move: (tx: Tx, movement: Movement) => Promise<Moved>;
};

function defineMovement({ name, noun, summary, move }: MovementRoute): OperatorRoute {
  return defineChange({
    name,
    method: 'POST',
    path: `${accountPath}/${noun}`,
    role: 'approver',
    summary,
    takesTwo: true,
    params: accountParams,
    body: movementBody,
    answer: movementAnswer,
    async handle({ tx }, { params, body, actor }) {
      const account = await readAccount(tx, { merchantId: params.merchant_id, accountId: params.account_id });
      const { merchantId, accountId, currency } = account;
      const amountMinor = readAmount(body.amount, { currency, field: 'amount' });
      const { request_key: requestKey, reason } = body;
      const { posting, isReplay } = await move(tx, { merchantId, accountId, amountMinor, requestKey, actor, reason });
      return {
        answer: { posting: writePosting(posting, currency), is_replay: isReplay },
        subject: nameAccount(account),
        detail: { amount: body.amount, currency, request_key: requestKey, reason, is_replay: isReplay },
      };
    },
  });
}
