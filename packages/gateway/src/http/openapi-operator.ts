import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { operatorPrefix, operatorRoutes } from './routes/operator/routes.ts';
import type { OperatorRoute } from './routes/operator/route.ts';

export const refusalAnswer = z
  .object({
    message: z.string(),
    errors: z
      .record(z.string(), z.array(z.string()).min(1))
      .meta({ description: 'One array of texts per field, dotted names for nested fields; never empty' }),
  })
  .meta({ id: 'Refusal', description: 'Every answer that is not a success has this shape' });

/** How one may prove who one is: a program with a token, the console with its cookie. */
export const operatorSecurity = {
  operatorToken: { type: 'http', scheme: 'bearer', description: 'A token of POST /operator/v1/tokens' },
  operatorSession: {
    type: 'apiKey',
    in: 'cookie',
    name: 'vyplata_session',
    description: 'Set by POST /operator/v1/sessions. Changes need the header X-Vyplata-Request: 1 as well',
  },
} as const;

/** The paths of the operator API, from the same table that the server is made of. */
export function operatorPaths(): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of operatorRoutes) {
    const path = `${operatorPrefix}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) };
  }
  return paths;
}

function toOperation(route: OperatorRoute): ZodOpenApiOperationObject {
  const { params, query, body, role } = route;
  const isOpen = role === 'anyone';
  return {
    operationId: route.name,
    tags: ['operator'],
    summary: route.summary,
    ...(isOpen ? { security: [] } : { description: `Needs the role ${role} or a higher one.` }),
    ...(isOpen ? {} : { security: [{ operatorToken: [] }, { operatorSession: [] }] }),
    ...(params === undefined && query === undefined
      ? {}
      : {
          requestParams: {
            ...(params === undefined ? {} : { path: params }),
            ...(query === undefined ? {} : { query }),
          },
        }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      [`${route.status}`]: { description: 'Done', content: { 'application/json': { schema: route.answer } } },
      default: {
        description: 'Refused; the status tells how, errors tells why',
        content: { 'application/json': { schema: refusalAnswer } },
      },
    },
  };
}
