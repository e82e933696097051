import { assertInstalled } from '../../../connectors/registry.ts';
import { readAccount } from '../../../merchants/accounts.ts';
import {
  createService,
  listAccountServices,
  listServices,
  readService,
  setAccountService,
  updateService,
} from '../../../merchants/services.ts';
import { pageAnswer, readAmount } from '../../schemas/operator/fields.ts';
import { accountParams } from '../../schemas/operator/merchants.ts';
import {
  accountServiceAnswer,
  accountServiceBody,
  accountServiceParams,
  newServiceBody,
  readCommission,
  readLimit,
  readService as readNewService,
  serviceAnswer,
  serviceChangeBody,
  serviceParams,
  writeAccountService,
  writeService,
} from '../../schemas/operator/services.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameAccount, toDetail } from './subject.ts';

export const serviceRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'service.list',
    path: '/services',
    role: 'viewer',
    summary: 'The catalogue of services',
    answer: pageAnswer(serviceAnswer),
    async handle({ db }) {
      return { items: (await listServices(db)).map(writeService), next_cursor: null };
    },
  }),
  defineChange({
    name: 'service.create',
    method: 'POST',
    path: '/services',
    role: 'approver',
    summary: 'Add a service to the catalogue',
    takesTwo: true,
    body: newServiceBody,
    answer: serviceAnswer,
    status: 201,
    async handle({ tx, connectors }, { body }) {
      // Orders of a service whose connector is not there would be accepted and sent by nobody.
      assertInstalled(connectors, { names: body.connectors, field: 'connectors' });
      const service = await createService(tx, readNewService(body));
      return { answer: writeService(service), subject: `service:${service.code}`, detail: toDetail(body) };
    },
  }),
  defineChange({
    name: 'service.update',
    method: 'PATCH',
    path: '/services/{service_code}',
    role: 'approver',
    summary: 'Change the limits, connectors or names of a service, or switch it off',
    takesTwo: true,
    params: serviceParams,
    body: serviceChangeBody,
    answer: serviceAnswer,
    async handle({ tx, connectors }, { params, body }) {
      const { service_code: code } = params;
      const { currency, connectors: present } = await readService(tx, code);
      const added = body.connectors?.filter((name) => !present.includes(name)) ?? [];
      assertInstalled(connectors, { names: added, field: 'connectors' });
      const service = await updateService(tx, {
        code,
        minMinor: body.min === undefined ? undefined : readAmount(body.min, { currency, field: 'min' }),
        maxMinor: body.max === undefined ? undefined : readLimit(body.max, { currency, field: 'max' }),
        connectors: body.connectors,
        names: body.names,
        enabled: body.enabled,
      });
      return { answer: writeService(service), subject: `service:${code}`, detail: toDetail(body) };
    },
  }),
  defineRead({
    name: 'account_service.list',
    path: '/merchants/{merchant_id}/accounts/{account_id}/services',
    role: 'viewer',
    summary: 'Services of the account’s currency, and what this account may do with each',
    params: accountParams,
    answer: pageAnswer(accountServiceAnswer),
    async handle({ db }, { params }) {
      const rows = await listAccountServices(db, { merchantId: params.merchant_id, accountId: params.account_id });
      return { items: rows.map(({ service, use }) => writeAccountService(service, use)), next_cursor: null };
    },
  }),
  defineChange({
    name: 'account_service.set',
    method: 'PUT',
    path: '/merchants/{merchant_id}/accounts/{account_id}/services/{service_code}',
    role: 'approver',
    summary: 'Set whether and at which price and limits an account uses a service; replaces the whole setting',
    takesTwo: true,
    params: accountServiceParams,
    body: accountServiceBody,
    answer: accountServiceAnswer,
    async handle({ tx }, { params, body }) {
      const account = await readAccount(tx, { merchantId: params.merchant_id, accountId: params.account_id });
      const { merchantId, accountId, currency } = account;
      const use = await setAccountService(tx, {
        merchantId,
        accountId,
        serviceCode: params.service_code,
        enabled: body.enabled,
        ...(body.commission === undefined ? {} : { commission: readCommission(body.commission, currency) }),
        minMinor: readLimit(body.min, { currency, field: 'min' }),
        maxMinor: readLimit(body.max, { currency, field: 'max' }),
      });
      const service = await readService(tx, params.service_code);
      return {
        answer: writeAccountService(service, use),
        subject: `${nameAccount(account)}/service:${params.service_code}`,
        detail: toDetail(body),
      };
    },
  }),
];
