import { z } from 'zod';
import {
  createEndpoint,
  listEndpoints,
  readEndpoint,
  revealEndpointSecret,
  rotateEndpointSecret,
  updateEndpoint,
} from '../../../merchants/endpoints.ts';
import { endpointIdText, pageAnswer } from '../../schemas/operator/fields.ts';
import {
  endpointAnswer,
  endpointChangeBody,
  endpointTestAnswer,
  newEndpointAnswer,
  newEndpointBody,
  secretAnswer,
  writeEndpoint,
} from '../../schemas/operator/merchants.ts';
import { defineAct, defineChange, defineRead, type OperatorRoute } from '../operator/route.ts';
import { nameMerchant, toDetail } from '../operator/subject.ts';
import { merchantOf } from './own.ts';

const role = 'merchant';
const params = z.object({ endpoint_id: endpointIdText });

export const ownEndpointRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'endpoint.list',
    path: '/endpoints',
    role,
    summary: 'Where the merchant listens for notifications',
    answer: pageAnswer(endpointAnswer),
    async handle({ db }, call) {
      return { items: (await listEndpoints(db, merchantOf(call))).map(writeEndpoint), next_cursor: null };
    },
  }),
  defineChange({
    name: 'endpoint.create',
    method: 'POST',
    path: '/endpoints',
    role,
    summary: 'Add an endpoint with a secret of its own',
    body: newEndpointBody,
    answer: newEndpointAnswer,
    status: 201,
    async handle(needs, call) {
      const merchantId = merchantOf(call);
      const { endpoint_id: endpointId, ...rest } = call.body;
      const input = { merchantId, endpointId, ...rest };
      const made = await createEndpoint({ ...needs, allowLoopback: needs.allowLoopbackUrls }, input);
      const detail = { ...toDetail(call.body), endpoint_id: made.endpoint.endpointId };
      const answer = { endpoint: writeEndpoint(made.endpoint), secret: made.secret };
      return { answer, subject: nameMerchant(merchantId), detail };
    },
  }),
  defineChange({
    name: 'endpoint.update',
    method: 'PATCH',
    path: '/endpoints/{endpoint_id}',
    role,
    summary: 'Change, disable or enable an endpoint',
    params,
    body: endpointChangeBody,
    answer: endpointAnswer,
    async handle(needs, call) {
      const merchantId = merchantOf(call);
      const { endpoint_id: endpointId } = call.params;
      const change = { merchantId, endpointId, ...call.body };
      const endpoint = await updateEndpoint({ ...needs, allowLoopback: needs.allowLoopbackUrls }, change);
      const detail = { endpoint_id: endpointId, ...toDetail(call.body) };
      return { answer: writeEndpoint(endpoint), subject: nameMerchant(merchantId), detail };
    },
  }),
  defineChange({
    name: 'endpoint_secret.reveal',
    method: 'POST',
    path: '/endpoints/{endpoint_id}/secret/reveal',
    role,
    summary: 'Show the secret that signs notifications to this endpoint',
    params,
    answer: secretAnswer,
    async handle(needs, call) {
      const merchantId = merchantOf(call);
      const { endpoint_id: endpointId } = call.params;
      const secret = await revealEndpointSecret(needs, { merchantId, endpointId });
      return { answer: { secret }, subject: nameMerchant(merchantId), detail: { endpoint_id: endpointId } };
    },
  }),
  defineChange({
    name: 'endpoint_secret.rotate',
    method: 'POST',
    path: '/endpoints/{endpoint_id}/secret/rotate',
    role,
    summary: 'Make a new secret; the old one signs nothing from now on',
    params,
    answer: secretAnswer,
    async handle(needs, call) {
      const merchantId = merchantOf(call);
      const { endpoint_id: endpointId } = call.params;
      const secret = await rotateEndpointSecret(needs, { merchantId, endpointId });
      return { answer: { secret }, subject: nameMerchant(merchantId), detail: { endpoint_id: endpointId } };
    },
  }),
  defineAct({
    name: 'endpoint.test',
    method: 'POST',
    path: '/endpoints/{endpoint_id}/test',
    role,
    summary: 'Send a sample notification and tell how it went',
    params,
    answer: endpointTestAnswer,
    async prepare(needs, call) {
      const merchantId = merchantOf(call);
      const { endpoint_id: endpointId } = call.params;
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
