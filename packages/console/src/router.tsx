import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { type Filters, readFilters } from './calls/search.ts';
import { NotFoundPage } from './pages/not-found.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });
const under = { getParentRoute: () => root } as const;

const tree = root.addChildren([
  createRoute({
    ...under,
    path: '/',
    component: lazyRouteComponent(() => import('./pages/overview.tsx'), 'OverviewPage'),
  }),
  createRoute({
    ...under,
    path: '/payouts',
    validateSearch: (search: Record<string, unknown>): Filters => readFilters(search),
    component: lazyRouteComponent(() => import('./pages/payouts.tsx'), 'PayoutsPage'),
  }),
  createRoute({
    ...under,
    path: '/payouts/$payoutId',
    component: lazyRouteComponent(() => import('./pages/payout.tsx'), 'PayoutPage'),
  }),
  createRoute({
    ...under,
    path: '/reviews',
    component: lazyRouteComponent(() => import('./pages/queues.tsx'), 'ReviewsPage'),
  }),
  createRoute({
    ...under,
    path: '/notifications',
    component: lazyRouteComponent(() => import('./pages/queues.tsx'), 'NotificationsPage'),
  }),
  createRoute({
    ...under,
    path: '/incidents',
    component: lazyRouteComponent(() => import('./pages/queues.tsx'), 'IncidentsPage'),
  }),
  createRoute({
    ...under,
    path: '/approvals',
    component: lazyRouteComponent(() => import('./pages/approvals.tsx'), 'ApprovalsPage'),
  }),
  createRoute({
    ...under,
    path: '/merchants',
    component: lazyRouteComponent(() => import('./pages/merchants.tsx'), 'MerchantsPage'),
  }),
  createRoute({
    ...under,
    path: '/keys',
    component: lazyRouteComponent(() => import('./pages/merchants.tsx'), 'KeysPage'),
  }),
  createRoute({
    ...under,
    path: '/accounts',
    component: lazyRouteComponent(() => import('./pages/merchants.tsx'), 'AccountsPage'),
  }),
  createRoute({
    ...under,
    path: '/merchants/$merchantId',
    component: lazyRouteComponent(() => import('./pages/merchant.tsx'), 'MerchantPage'),
  }),
  createRoute({
    ...under,
    path: '/merchants/$merchantId/accounts/$accountId',
    component: lazyRouteComponent(() => import('./pages/account.tsx'), 'AccountPage'),
  }),
  createRoute({
    ...under,
    path: '/services',
    component: lazyRouteComponent(() => import('./pages/services.tsx'), 'ServicesPage'),
  }),
  createRoute({
    ...under,
    path: '/pauses',
    component: lazyRouteComponent(() => import('./pages/pauses.tsx'), 'PausesPage'),
  }),
  createRoute({
    ...under,
    path: '/system',
    component: lazyRouteComponent(() => import('./pages/system.tsx'), 'SystemPage'),
  }),
  createRoute({
    ...under,
    path: '/users',
    component: lazyRouteComponent(() => import('./pages/users.tsx'), 'UsersPage'),
  }),
  createRoute({
    ...under,
    path: '/audit-log',
    validateSearch: (search: Record<string, unknown>): { actor?: string; action?: string } => ({
      ...(typeof search['actor'] === 'string' && { actor: search['actor'] }),
      ...(typeof search['action'] === 'string' && { action: search['action'] }),
    }),
    component: lazyRouteComponent(() => import('./pages/audit-log.tsx'), 'AuditLogPage'),
  }),
  createRoute({
    ...under,
    path: '/own',
    component: lazyRouteComponent(() => import('./pages/own.tsx'), 'OwnPage'),
  }),
]);

export const router = createRouter({ routeTree: tree, basepath: '/console', defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
