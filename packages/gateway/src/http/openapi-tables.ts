import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { cabinetPrefix, cabinetRoutes } from './routes/cabinet/routes.ts';
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

const operatorSecurityNames = [{ operatorToken: [] }, { operatorSession: [] }];
const cabinetSecurity = [{ merchantToken: [] }, { merchantSession: [] }];

/** How one may prove who one is: a program with a token, the console with its cookie. */
export const tableSecurity = {
  operatorToken: { type: 'http', scheme: 'bearer', description: 'A token of POST /operator/v1/tokens' },
  operatorSession: {
    type: 'apiKey',
    in: 'cookie',
    name: 'vyplata_session',
    description: 'Set by POST /operator/v1/sessions. Changes need the header X-Vyplata-Request: 1 as well',
  },
  merchantToken: { type: 'http', scheme: 'bearer', description: 'A token of POST /merchant/v1/tokens' },
  merchantSession: {
    type: 'apiKey',
    in: 'cookie',
    name: 'vyplata_session',
    description: 'Set by POST /merchant/v1/sessions. Changes need the header X-Vyplata-Request: 1 as well',
  },
} as const;

/** The paths of the APIs for people, from the same tables that the server is made of. */
export function tablePaths(): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  const tables = [
    { prefix: operatorPrefix, routes: operatorRoutes, tag: 'operator', lead: '' },
    { prefix: cabinetPrefix, routes: cabinetRoutes, tag: 'cabinet', lead: 'cabinet.' },
  ];
  for (const { prefix, routes, tag, lead } of tables) {
    for (const route of routes) {
      const path = `${prefix}${route.path}`;
      const operation = { ...toOperation(route), operationId: `${lead}${route.name}`, tags: [tag] };
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation };
    }
  }
  return paths;
}

function contentOf({ files, answer }: OperatorRoute): Record<string, { schema: z.ZodType }> {
  if (files === undefined) return { 'application/json': { schema: answer } };
  return Object.fromEntries(files.map((type) => [type.split(';')[0] ?? type, { schema: z.string() }]));
}

function describeRole(role: OperatorRoute['role']): string {
  return role === 'merchant' ? 'For people of merchants.' : `Needs the role ${role} or a higher one.`;
}

function toOperation(route: OperatorRoute): ZodOpenApiOperationObject {
  const { params, query, body, role } = route;
  const isOpen = role === 'anyone';
  const security = role === 'merchant' ? cabinetSecurity : operatorSecurityNames;
  return {
    summary: route.summary,
    ...(isOpen ? { security: [] } : { description: describeRole(role), security }),
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
      [`${route.status}`]: { description: 'Done', content: contentOf(route) },
      default: {
        description: 'Refused; the status tells how, errors tells why',
        content: { 'application/json': { schema: refusalAnswer } },
      },
    },
  };
}
