import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { type Filters, readFilters } from './calls/search.ts';
import { basePath, isMerchantSide } from './calls/side.ts';
import { NotFoundPage } from './pages/not-found.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });
const under = { getParentRoute: () => root } as const;

type Page = ReturnType<typeof lazyRouteComponent>;

/** Some addresses are on both sides, with a page for each; a page of one side is nothing on the other. */
function choose(operators: Page | undefined, merchants?: Page): Page {
  return (isMerchantSide ? merchants : operators) ?? NotFoundPage;
}

const filters = { validateSearch: (search: Record<string, unknown>): Filters => readFilters(search) };

type AuditFilters = { readonly actor?: string; readonly action?: string };

const shared = [
  createRoute({
    ...under,
    path: '/',
    component: choose(
      lazyRouteComponent(() => import('./pages/overview.tsx'), 'OverviewPage'),
      lazyRouteComponent(() => import('./cabinet/overview.tsx'), 'OwnOverviewPage'),
    ),
  }),
  createRoute({
    ...under,
    ...filters,
    path: '/payouts',
    component: lazyRouteComponent(() => import('./pages/payouts.tsx'), 'PayoutsPage'),
  }),
  createRoute({
    ...under,
    path: '/payouts/$payoutId',
    component: choose(
      lazyRouteComponent(() => import('./pages/payout.tsx'), 'PayoutPage'),
      lazyRouteComponent(() => import('./cabinet/payout.tsx'), 'OwnPayoutPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/keys',
    component: choose(
      lazyRouteComponent(() => import('./pages/merchants.tsx'), 'KeysPage'),
      lazyRouteComponent(() => import('./cabinet/keys.tsx'), 'OwnKeysPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/accounts',
    component: choose(
      lazyRouteComponent(() => import('./pages/merchants.tsx'), 'AccountsPage'),
      lazyRouteComponent(() => import('./cabinet/accounts.tsx'), 'OwnAccountsPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/own',
    component: lazyRouteComponent(() => import('./pages/own.tsx'), 'OwnPage'),
  }),
] as const;

const operators = [
  createRoute({
    ...under,
    path: '/reviews',
    component: choose(lazyRouteComponent(() => import('./pages/queues.tsx'), 'ReviewsPage')),
  }),
  createRoute({
    ...under,
    path: '/notifications',
    component: choose(lazyRouteComponent(() => import('./pages/queues.tsx'), 'NotificationsPage')),
  }),
  createRoute({
    ...under,
    path: '/incidents',
    component: choose(lazyRouteComponent(() => import('./pages/queues.tsx'), 'IncidentsPage')),
  }),
  createRoute({
    ...under,
    path: '/approvals',
    component: choose(lazyRouteComponent(() => import('./pages/approvals.tsx'), 'ApprovalsPage')),
  }),
  createRoute({
    ...under,
    path: '/merchants',
    component: choose(lazyRouteComponent(() => import('./pages/merchants.tsx'), 'MerchantsPage')),
  }),
  createRoute({
    ...under,
    path: '/merchants/$merchantId',
    component: choose(lazyRouteComponent(() => import('./pages/merchant.tsx'), 'MerchantPage')),
  }),
  createRoute({
    ...under,
    path: '/merchants/$merchantId/accounts/$accountId',
    component: choose(lazyRouteComponent(() => import('./pages/account.tsx'), 'AccountPage')),
  }),
  createRoute({
    ...under,
    path: '/services',
    component: choose(lazyRouteComponent(() => import('./pages/services.tsx'), 'ServicesPage')),
  }),
  createRoute({
    ...under,
    path: '/pauses',
    component: choose(lazyRouteComponent(() => import('./pages/pauses.tsx'), 'PausesPage')),
  }),
  createRoute({
    ...under,
    path: '/system',
    component: choose(lazyRouteComponent(() => import('./pages/system.tsx'), 'SystemPage')),
  }),
  createRoute({
    ...under,
    path: '/users',
    component: choose(lazyRouteComponent(() => import('./pages/users.tsx'), 'UsersPage')),
  }),
  createRoute({
    ...under,
    path: '/audit-log',
    validateSearch: (search: Record<string, unknown>): AuditFilters => ({
      ...(typeof search['actor'] === 'string' && { actor: search['actor'] }),
      ...(typeof search['action'] === 'string' && { action: search['action'] }),
    }),
    component: choose(lazyRouteComponent(() => import('./pages/audit-log.tsx'), 'AuditLogPage')),
  }),
] as const;

const merchants = [
  createRoute({
    ...under,
    path: '/order',
    component: choose(
      undefined,
      lazyRouteComponent(() => import('./cabinet/order.tsx'), 'OrderPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/accounts/$accountId',
    component: choose(
      undefined,
      lazyRouteComponent(() => import('./cabinet/account.tsx'), 'OwnAccountPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/endpoints',
    component: choose(
      undefined,
      lazyRouteComponent(() => import('./cabinet/endpoints.tsx'), 'OwnEndpointsPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/debugger',
    component: choose(
      undefined,
      lazyRouteComponent(() => import('./cabinet/debugger.tsx'), 'DebuggerPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/integration',
    component: choose(
      undefined,
      lazyRouteComponent(() => import('./cabinet/integration.tsx'), 'IntegrationPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/form/setting-api-certs',
    component: choose(
      undefined,
      lazyRouteComponent(() => import('./cabinet/documented.tsx'), 'DocumentedKeysPage'),
    ),
  }),
  createRoute({
    ...under,
    path: '/resources/project-accounts',
    component: choose(
      undefined,
      lazyRouteComponent(() => import('./cabinet/documented.tsx'), 'DocumentedAccountsPage'),
    ),
  }),
] as const;

const tree = root.addChildren([...shared, ...operators, ...merchants]);

export const router = createRouter({ routeTree: tree, basepath: basePath, defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
