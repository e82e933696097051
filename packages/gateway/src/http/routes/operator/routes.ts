// Owns the operator API: one table of routes.
// Promises that each change is in the audit log, and that what takes two people is asked of a second one.
// Refuses to know how rows are stored and what the console looks like.
import type { FastifyInstance } from 'fastify';
import { registerTable } from '../serve-table.ts';
import { approvalRoutes, askSecondPerson } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { endpointRoutes } from './endpoints.ts';
import { factorRoutes } from './factors.ts';
import { keyRoutes } from './keys.ts';
import { limitRoutes } from './limits.ts';
import { merchantUserRoutes } from './merchant-users.ts';
import { accountRoutes, merchantRoutes } from './merchants.ts';
import { moneyRoutes } from './money.ts';
import { incidentRoutes, notificationRoutes, payoutRoutes } from './payouts.ts';
import { overviewRoutes } from './overview.ts';
import { pauseRoutes } from './pauses.ts';
import { recipientRoutes } from './recipients.ts';
import type { Needs, OperatorRoute } from './route.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes, userRoutes } from './sessions.ts';
import { setupRoutes } from './setup.ts';
import { signInRoutes } from './sign-in.ts';
import { systemRoutes } from './system.ts';

export type { Needs } from './route.ts';

export const operatorPrefix = '/operator/v1';

const ownRoutes: readonly OperatorRoute[] = [
  ...setupRoutes,
  ...signInRoutes,
  ...sessionRoutes,
  ...factorRoutes,
  ...userRoutes,
  ...merchantRoutes,
  ...merchantUserRoutes,
  ...accountRoutes,
  ...limitRoutes,
  ...moneyRoutes,
  ...keyRoutes,
  ...endpointRoutes,
  ...serviceRoutes,
  ...overviewRoutes,
  ...payoutRoutes,
  ...recipientRoutes,
  ...notificationRoutes,
  ...incidentRoutes,
  ...pauseRoutes,
  ...auditRoutes,
  ...systemRoutes,
];

export const operatorRoutes: readonly OperatorRoute[] = [
  ...ownRoutes,
  ...approvalRoutes((name) => ownRoutes.find((route) => route.name === name)),
];

/** Registers the operator API on a server of `createServer`. */
export function registerOperatorRoutes(server: FastifyInstance, needs: Needs): void {
  registerTable(server, needs, { prefix: operatorPrefix, routes: operatorRoutes, side: 'operators', askSecondPerson });
}
