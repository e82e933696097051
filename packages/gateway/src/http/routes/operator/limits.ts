import { readAccount, setSignatureRule } from '../../../merchants/accounts.ts';
import { readMerchant } from '../../../merchants/enroll.ts';
import { readLimits, setLimits } from '../../../merchants/limits.ts';
import { readNetworks, setNetworks } from '../../../merchants/networks.ts';
import {
  accountLimitsAnswer,
  accountLimitsBody,
  merchantLimitsAnswer,
  merchantLimitsBody,
  networksAnswer,
  networksBody,
  readAccountLimits,
  writeAccountLimits,
} from '../../schemas/operator/limits.ts';
import {
  accountAnswer,
  accountParams,
  merchantParams,
  signatureRuleBody,
  writeAccount,
} from '../../schemas/operator/merchants.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameAccount, nameMerchant, toDetail } from './subject.ts';

/** How much a merchant may order, from where, and with which signature. */
export const limitRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'merchant_limits.read',
    path: '/merchants/{merchant_id}/limits',
    role: 'viewer',
    summary: 'Limits on all accounts of a merchant together',
    params: merchantParams,
    answer: merchantLimitsAnswer,
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      const { ordersPerMinute } = await readLimits(db, { merchantId: params.merchant_id });
      return { orders_per_minute: ordersPerMinute };
    },
  }),
  defineChange({
    name: 'merchant_limits.set',
    method: 'PATCH',
    path: '/merchants/{merchant_id}/limits',
    role: 'operator',
    summary: 'Limit all accounts of a merchant together',
    takesTwo: true,
    params: merchantParams,
    body: merchantLimitsBody,
    answer: merchantLimitsAnswer,
    async handle({ tx }, { params, body }) {
      const owner = { merchantId: params.merchant_id };
      const { ordersPerMinute } = await setLimits(tx, owner, { ordersPerMinute: body.orders_per_minute });
      const answer = { orders_per_minute: ordersPerMinute };
      return { answer, subject: nameMerchant(params.merchant_id), detail: toDetail(body) };
    },
  }),
  defineRead({
    name: 'account_limits.read',
    path: '/merchants/{merchant_id}/accounts/{account_id}/limits',
    role: 'viewer',
    summary: 'Limits on one account',
    params: accountParams,
    answer: accountLimitsAnswer,
    async handle({ db }, { params }) {
      const owner = { merchantId: params.merchant_id, accountId: params.account_id };
      const { currency } = await readAccount(db, owner);
      return writeAccountLimits(await readLimits(db, owner), currency);
    },
  }),
  defineChange({
    name: 'account_limits.set',
    method: 'PATCH',
    path: '/merchants/{merchant_id}/accounts/{account_id}/limits',
    role: 'operator',
    summary: 'Limit one account; absent values stay, null removes a limit',
    takesTwo: true,
    params: accountParams,
    body: accountLimitsBody,
    answer: accountLimitsAnswer,
    async handle({ tx }, { params, body }) {
      const owner = { merchantId: params.merchant_id, accountId: params.account_id };
      const { currency } = await readAccount(tx, owner);
      const limits = await setLimits(tx, owner, readAccountLimits(body, currency));
      return { answer: writeAccountLimits(limits, currency), subject: nameAccount(owner), detail: toDetail(body) };
    },
  }),
  defineRead({
    name: 'merchant_networks.read',
    path: '/merchants/{merchant_id}/networks',
    role: 'viewer',
    summary: 'From where the requests of a merchant may come',
    params: merchantParams,
    answer: networksAnswer,
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      return { networks: await readNetworks(db, params.merchant_id) };
    },
  }),
  defineChange({
    name: 'merchant_networks.set',
    method: 'PUT',
    path: '/merchants/{merchant_id}/networks',
    role: 'operator',
    summary: 'Put a list of addresses and networks in place of the present one; an empty one allows every address',
    takesTwo: true,
    params: merchantParams,
    body: networksBody,
    answer: networksAnswer,
    async handle({ tx }, { params, body }) {
      const merchantId = params.merchant_id;
      const networks = await setNetworks(tx, { merchantId, networks: body.networks });
      return { answer: { networks }, subject: nameMerchant(merchantId), detail: { networks } };
    },
  }),
  defineChange({
    name: 'account.set_signature_rule',
    method: 'PUT',
    path: '/merchants/{merchant_id}/accounts/{account_id}/signature-rule',
    role: 'operator',
    summary: 'Set which signature schemes requests of an account may use',
    takesTwo: true,
    params: accountParams,
    body: signatureRuleBody,
    answer: accountAnswer,
    async handle({ tx }, { params, body }) {
      const id = { merchantId: params.merchant_id, accountId: params.account_id };
      const account = await setSignatureRule(tx, { ...id, signatureRule: body.signature_rule });
      return { answer: writeAccount(account), subject: nameAccount(id), detail: toDetail(body) };
    },
  }),
];
