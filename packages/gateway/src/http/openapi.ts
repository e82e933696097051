/**
 * The OpenAPI document of both APIs. Run as a program it writes packages/gateway/openapi.json; with `--print` it prints
 * the document, which the check compares with the file.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { refusalAnswer, tablePaths, tableSecurity } from './openapi-tables.ts';
import {
  accountBalanceAnswer,
  accountInfoAnswer,
  createdAnswer,
  createdHeaders,
  emptyBody,
  lookupBody,
  orderBody,
  refusedHeaders,
  signedHeaders,
  statusAnswer,
} from './schemas/merchant-openapi.ts';

const json = 'application/json';
const refusal = { [json]: { schema: refusalAnswer } };

type Signed = {
  readonly operationId: string;
  readonly summary: string;
  readonly body: ZodType;
  readonly answer: ZodType;
};

function signedOperation({ operationId, summary, body, answer }: Signed): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ['merchant'],
    summary,
    security: [],
    requestParams: { header: signedHeaders },
    requestBody: { required: true, content: { [json]: { schema: body } } },
    responses: {
      '200': { description: 'Done', content: { [json]: { schema: answer } } },
      '400': { description: 'Refused for certain', content: refusal },
      default: {
        description: '429 and 503: not now, send it again later. 500 and 504: not known',
        content: refusal,
      },
    },
  };
}

const createOperation: ZodOpenApiOperationObject = {
  ...signedOperation({
    operationId: 'createPayout',
    summary: 'Order a payout',
    body: orderBody,
    answer: createdAnswer,
  }),
  description:
    'Answered within 12 s. The same order again, in any spelling, answers the same id. After 500, 504 or no answer ' +
    'at all ask POST /v1/payout/status.',
  responses: {
    '200': { description: 'Accepted', headers: createdHeaders, content: { [json]: { schema: createdAnswer } } },
    '400': { description: 'Refused for certain; see Payout-Created', headers: refusedHeaders, content: refusal },
    default: {
      description: '429 and 503: nothing was created. 500 and 504: see Payout-Created',
      headers: refusedHeaders,
      content: refusal,
    },
  },
};

const merchantPaths: ZodOpenApiPathsObject = {
  '/v1/payout': { post: createOperation },
  '/v1/payout/status': {
    post: signedOperation({
      operationId: 'readPayoutStatus',
      summary: 'The status of a payout',
      body: lookupBody,
      answer: statusAnswer,
    }),
  },
  '/v1/account/balance': {
    post: signedOperation({
      operationId: 'readBalance',
      summary: 'What the account has',
      body: emptyBody,
      answer: accountBalanceAnswer,
    }),
  },
  '/v1/account/info': {
    post: signedOperation({
      operationId: 'readAccountInfo',
      summary: 'What the account may do, with limits and commission',
      body: emptyBody,
      answer: accountInfoAnswer,
    }),
  },
};

/** The same text for the same code, whoever makes it. */
export function writeOpenapi(): string {
  const document = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Vyplata',
      version: '1.0.0',
      description:
        'The merchant API (/v1) is signed with RSA; the APIs for people, of operators (/operator/v1) and of ' +
        'merchants (/merchant/v1), take a session or a token. ' +
        'Amounts are strings. Every answer that is not a success has non-empty errors.',
    },
    tags: [
      { name: 'merchant', description: 'For merchants’ programs' },
      { name: 'cabinet', description: 'For people of merchants: what is their own merchant’s' },
      { name: 'operator', description: 'For the people who run the gateway, their console and programs' },
    ],
    paths: { ...merchantPaths, ...tablePaths() },
    components: { securitySchemes: tableSecurity },
  });
  return `${JSON.stringify(document, null, 2)}\n`;
}

if (import.meta.main) {
  const text = writeOpenapi();
  if (process.argv.includes('--print')) process.stdout.write(text);
  else writeFileSync(join(import.meta.dirname, '../../openapi.json'), text);
}
