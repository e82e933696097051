// Owns the API for people of merchants: one table of routes, made like the operators'.
// Promises that whatever a request says, a route sees and does what belongs to the merchant of who is signed in.
// Refuses to know operators: none of their routes is in this table but those about one's own sessions and factors.
import type { FastifyInstance } from 'fastify';
import { factorRoutes } from '../operator/factors.ts';
import type { Needs, OperatorRoute } from '../operator/route.ts';
import { sessionRoutes } from '../operator/sessions.ts';
import { signInRoutes } from '../operator/sign-in.ts';
import { registerTable } from '../serve-table.ts';
import { ownAccountRoutes } from './accounts.ts';
import { ownEndpointRoutes } from './endpoints.ts';
import { invitationRoute } from './invitations.ts';
import { ownKeyRoutes } from './keys.ts';
import { ownNotificationRoutes } from './notifications.ts';
import { ownOrderRoutes } from './order.ts';
import { ownPayoutRoutes } from './payouts.ts';

export const cabinetPrefix = '/merchant/v1';

/** Signing in, sessions, tokens and second factors are the same for everybody: they concern nobody but who asks. */
const personRoutes: readonly OperatorRoute[] = [...signInRoutes, ...sessionRoutes, ...factorRoutes]
  .filter(({ role }) => role === 'viewer' || role === 'anyone')
  .map((route) => (route.role === 'anyone' ? route : { ...route, role: 'merchant' as const }));

export const cabinetRoutes: readonly OperatorRoute[] = [
  ...personRoutes,
  invitationRoute,
  ...ownAccountRoutes,
  ...ownOrderRoutes,
  ...ownPayoutRoutes,
  ...ownKeyRoutes,
  ...ownEndpointRoutes,
  ...ownNotificationRoutes,
];

/** Registers the API for people of merchants on a server of `createServer`. */
export function registerCabinetRoutes(server: FastifyInstance, needs: Needs): void {
  registerTable(server, needs, { prefix: cabinetPrefix, routes: cabinetRoutes, side: 'merchants' });
}
