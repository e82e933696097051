import { readOverview } from '../../../payouts/overview.ts';
import { overviewAnswer, writeOverview } from '../../schemas/operator/overview.ts';
import { defineRead, type OperatorRoute } from './route.ts';

export const overviewRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'overview.read',
    path: '/overview',
    role: 'viewer',
    summary: 'How the gateway does: payouts, money, connectors, queues, reviews, incidents, processes',
    answer: overviewAnswer,
    handle: async ({ db }) => writeOverview(await readOverview(db)),
  }),
];
