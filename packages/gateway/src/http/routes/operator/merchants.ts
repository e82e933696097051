import { createAccount, listAccounts, readAccount, updateAccount } from '../../../merchants/accounts.ts';
import {
  createMerchant,
  listMerchants,
  readMerchant,
  revealWebhookSecret,
  rotateWebhookSecret,
  updateMerchant,
} from '../../../merchants/enroll.ts';
import { listNotificationKeys, rotateNotificationKey } from '../../../merchants/notification-keys.ts';
import { pageAnswer, writePage } from '../../schemas/operator/fields.ts';
import {
  accountAnswer,
  accountChangeBody,
  accountParams,
  listQuery,
  merchantAnswer,
  merchantChangeBody,
  merchantParams,
  newAccountBody,
  newMerchantBody,
  notificationKeyAnswer,
  secretAnswer,
  writeAccount,
  writeMerchant,
  writeNotificationKey,
} from '../../schemas/operator/merchants.ts';
import { exportMerchant, merchantFileType } from '../../export-merchant.ts';
import { defineChange, defineExport, defineRead, type OperatorRoute } from './route.ts';
import { nameAccount, nameMerchant, toDetail } from './subject.ts';

export const merchantRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'merchant.list',
    path: '/merchants',
    role: 'viewer',
    summary: 'Merchants, oldest first',
    query: listQuery,
    answer: pageAnswer(merchantAnswer),
    async handle({ db }, { query }) {
      const rows = await listMerchants(db, { afterId: query.cursor ?? 0n, limit: query.limit + 1 });
      return writePage(rows, { limit: query.limit, idOf: ({ merchantId }) => merchantId, write: writeMerchant });
    },
  }),
  defineChange({
    name: 'merchant.create',
    method: 'POST',
    path: '/merchants',
    role: 'operator',
    summary: 'Add a merchant with a notification key and a webhook secret',
    body: newMerchantBody,
    answer: merchantAnswer,
    status: 201,
    async handle(needs, { body }) {
      const merchant = await createMerchant(needs, body);
      return { answer: writeMerchant(merchant), subject: nameMerchant(merchant.merchantId), detail: toDetail(body) };
    },
  }),
  defineRead({
    name: 'merchant.read',
    path: '/merchants/{merchant_id}',
    role: 'viewer',
    summary: 'One merchant',
    params: merchantParams,
    answer: merchantAnswer,
    handle: async ({ db }, { params }) => writeMerchant(await readMerchant(db, params.merchant_id)),
  }),
  defineExport({
    name: 'merchant.export',
    path: '/merchants/{merchant_id}/export',
    role: 'owner',
    summary: 'Everything that is kept about a merchant, as far as it is the merchant’s to know: one JSON object a line',
    params: merchantParams,
    files: [merchantFileType],
    async handle({ db }, { params }) {
      const { merchantId } = await readMerchant(db, params.merchant_id);
      return { subject: nameMerchant(merchantId), detail: {}, open: () => exportMerchant(db, merchantId) };
    },
  }),
  defineChange({
    name: 'merchant.update',
    method: 'PATCH',
    path: '/merchants/{merchant_id}',
    role: 'operator',
    summary: 'Rename, disable or enable a merchant',
    params: merchantParams,
    body: merchantChangeBody,
    answer: merchantAnswer,
    async handle({ tx }, { params, body }) {
      const merchant = await updateMerchant(tx, { merchantId: params.merchant_id, ...body });
      return { answer: writeMerchant(merchant), subject: nameMerchant(params.merchant_id), detail: toDetail(body) };
    },
  }),
  defineChange({
    name: 'webhook_secret.reveal',
    method: 'POST',
    path: '/merchants/{merchant_id}/webhook-secret/reveal',
    role: 'operator',
    summary: 'Show the secret that signs notifications to URLs of orders',
    params: merchantParams,
    answer: secretAnswer,
    async handle(needs, { params }) {
      const secret = await revealWebhookSecret(needs, params.merchant_id);
      return { answer: { secret }, subject: nameMerchant(params.merchant_id) };
    },
  }),
  defineChange({
    name: 'webhook_secret.rotate',
    method: 'POST',
    path: '/merchants/{merchant_id}/webhook-secret/rotate',
    role: 'operator',
    summary: 'Make a new secret; the old one signs nothing from now on',
    params: merchantParams,
    answer: secretAnswer,
    async handle(needs, { params }) {
      const secret = await rotateWebhookSecret(needs, params.merchant_id);
      return { answer: { secret }, subject: nameMerchant(params.merchant_id) };
    },
  }),
  defineRead({
    name: 'notification_key.list',
    path: '/merchants/{merchant_id}/notification-keys',
    role: 'viewer',
    summary: 'Public keys that verify notifications, the active one first',
    params: merchantParams,
    answer: pageAnswer(notificationKeyAnswer),
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      const keys = await listNotificationKeys(db, params.merchant_id);
      return { items: keys.map(writeNotificationKey), next_cursor: null };
    },
  }),
  defineChange({
    name: 'notification_key.rotate',
    method: 'POST',
    path: '/merchants/{merchant_id}/notification-keys/rotate',
    role: 'operator',
    summary: 'Make a new key pair; notifications made from now on are signed with it',
    params: merchantParams,
    answer: notificationKeyAnswer,
    async handle(needs, { params }) {
      const key = await rotateNotificationKey(needs, params.merchant_id);
      return {
        answer: writeNotificationKey(key),
        subject: nameMerchant(params.merchant_id),
        detail: { key_id: key.keyId.toString() },
      };
    },
  }),
];

export const accountRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'account.list',
    path: '/merchants/{merchant_id}/accounts',
    role: 'viewer',
    summary: 'Accounts of a merchant, oldest first',
    params: merchantParams,
    answer: pageAnswer(accountAnswer),
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      const accounts = await listAccounts(db, params.merchant_id);
      return { items: accounts.map(writeAccount), next_cursor: null };
    },
  }),
  defineChange({
    name: 'account.create',
    method: 'POST',
    path: '/merchants/{merchant_id}/accounts',
    role: 'operator',
    summary: 'Add an account with an empty balance',
    params: merchantParams,
    body: newAccountBody,
    answer: accountAnswer,
    status: 201,
    async handle({ tx }, { params, body }) {
      const account = await createAccount(tx, {
        merchantId: params.merchant_id,
        accountId: body.account_id,
        currency: body.currency,
        name: body.name,
        mode: body.mode,
        notificationMethod: body.notification_method,
      });
      return { answer: writeAccount(account), subject: nameAccount(account), detail: toDetail(body) };
    },
  }),
  defineRead({
    name: 'account.read',
    path: '/merchants/{merchant_id}/accounts/{account_id}',
    role: 'viewer',
    summary: 'One account',
    params: accountParams,
    answer: accountAnswer,
    async handle({ db }, { params }) {
      const id = { merchantId: params.merchant_id, accountId: params.account_id };
      return writeAccount(await readAccount(db, id));
    },
  }),
  defineChange({
    name: 'account.update',
    method: 'PATCH',
    path: '/merchants/{merchant_id}/accounts/{account_id}',
    role: 'operator',
    summary: 'Rename, disable or enable an account, or set how it is notified by default',
    params: accountParams,
    body: accountChangeBody,
    answer: accountAnswer,
    async handle({ tx }, { params, body }) {
      const account = await updateAccount(tx, {
        merchantId: params.merchant_id,
        accountId: params.account_id,
        name: body.name,
        state: body.state,
        notificationMethod: body.notification_method,
      });
      return { answer: writeAccount(account), subject: nameAccount(account), detail: toDetail(body) };
    },
  }),
];
