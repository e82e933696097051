import {
  createEndpoint,
  listEndpoints,
  readEndpoint,
  revealEndpointSecret,
  rotateEndpointSecret,
  updateEndpoint,
} from '../../../merchants/endpoints.ts';
import { readMerchant } from '../../../merchants/enroll.ts';
import { pageAnswer } from '../../schemas/operator/fields.ts';
import {
  endpointAnswer,
  endpointChangeBody,
  endpointParams,
  endpointTestAnswer,
  merchantParams,
  newEndpointAnswer,
  newEndpointBody,
  secretAnswer,
  writeEndpoint,
} from '../../schemas/operator/merchants.ts';
import { defineAct, defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameMerchant, toDetail } from './subject.ts';

export const endpointRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'endpoint.list',
    path: '/merchants/{merchant_id}/endpoints',
    role: 'viewer',
    summary: 'Where a merchant listens for notifications',
    params: merchantParams,
    answer: pageAnswer(endpointAnswer),
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      return { items: (await listEndpoints(db, params.merchant_id)).map(writeEndpoint), next_cursor: null };
    },
  }),
  defineChange({
    name: 'endpoint.create',
    method: 'POST',
    path: '/merchants/{merchant_id}/endpoints',
    role: 'operator',
    summary: 'Add an endpoint with a secret of its own',
    takesTwo: true,
    params: merchantParams,
    body: newEndpointBody,
    answer: newEndpointAnswer,
    status: 201,
    async handle(needs, { params, body }) {
      const { endpoint_id: endpointId, ...rest } = body;
      const input = { merchantId: params.merchant_id, endpointId, ...rest };
      const made = await createEndpoint({ ...needs, allowLoopback: needs.allowLoopbackUrls }, input);
      const detail = { ...toDetail(body), endpoint_id: made.endpoint.endpointId };
      const answer = { endpoint: writeEndpoint(made.endpoint), secret: made.secret };
      return { answer, subject: nameMerchant(params.merchant_id), detail };
    },
  }),
  defineChange({
    name: 'endpoint.update',
    method: 'PATCH',
    path: '/merchants/{merchant_id}/endpoints/{endpoint_id}',
    role: 'operator',
    summary: 'Change, disable or enable an endpoint',
    takesTwo: true,
    params: endpointParams,
    body: endpointChangeBody,
    answer: endpointAnswer,
    async handle(needs, { params, body }) {
      const { merchant_id: merchantId, endpoint_id: endpointId } = params;
      const change = { merchantId, endpointId, ...body };
      const endpoint = await updateEndpoint({ ...needs, allowLoopback: needs.allowLoopbackUrls }, change);
      const detail = { endpoint_id: endpointId, ...toDetail(body) };
      return { answer: writeEndpoint(endpoint), subject: nameMerchant(merchantId), detail };
    },
  }),
  defineChange({
    name: 'endpoint_secret.reveal',
    method: 'POST',
    path: '/merchants/{merchant_id}/endpoints/{endpoint_id}/secret/reveal',
    role: 'operator',
    summary: 'Show the secret that signs notifications to this endpoint',
    params: endpointParams,
    answer: secretAnswer,
    async handle(needs, { params }) {
      const { merchant_id: merchantId, endpoint_id: endpointId } = params;
      const secret = await revealEndpointSecret(needs, { merchantId, endpointId });
      return { answer: { secret }, subject: nameMerchant(merchantId), detail: { endpoint_id: endpointId } };
    },
  }),
  defineChange({
    name: 'endpoint_secret.rotate',
    method: 'POST',
    path: '/merchants/{merchant_id}/endpoints/{endpoint_id}/secret/rotate',
    role: 'operator',
    summary: 'Make a new secret; the old one signs nothing from now on',
    params: endpointParams,
    answer: secretAnswer,
    async handle(needs, { params }) {
      const { merchant_id: merchantId, endpoint_id: endpointId } = params;
      const secret = await rotateEndpointSecret(needs, { merchantId, endpointId });
      return { answer: { secret }, subject: nameMerchant(merchantId), detail: { endpoint_id: endpointId } };
    },
  }),
  defineAct({
    name: 'endpoint.test',
    method: 'POST',
    path: '/merchants/{merchant_id}/endpoints/{endpoint_id}/test',
    role: 'operator',
    summary: 'Send a sample notification and tell how it went',
    params: endpointParams,
    answer: endpointTestAnswer,
    async prepare(needs, { params }) {
      const { merchant_id: merchantId, endpoint_id: endpointId } = params;
      await readEndpoint(needs.db, { merchantId, endpointId });
      return {
        subject: nameMerchant(merchantId),
        detail: { endpoint_id: endpointId },
        act: () => needs.testEndpoint({ merchantId, endpointId }),
      };
    },
    finish: (_needs, _call, { statusCode, durationMs, error }) =>
      Promise.resolve({ status_code: statusCode, duration_ms: Math.round(durationMs), error }),
  }),
];
