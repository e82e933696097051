import { readFile } from 'node:fs/promises';
import { inspectDatabase, listPools } from '../../../db/inspect.ts';
import { countJobs } from '../../../jobs/count.ts';
import { readNextPass } from '../../../ledger/audit-slices.ts';
import { systemAnswer, writeSystem } from '../../schemas/operator/system.ts';
import { defineRead, type Needs, type OperatorRoute } from './route.ts';

const packageFile = new URL('../../../../package.json', import.meta.url);

let known: string | undefined;

async function readVersion(): Promise<string> {
  known ??= (JSON.parse(await readFile(packageFile, 'utf8')) as { version: string }).version;
  return known;
}

/** What an operator looks at first when something is slow. */
export const systemRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'system.read',
    path: '/system',
    role: 'viewer',
    summary: 'The gateway that answers, its database, its queues and its connectors',
    answer: systemAnswer,
    async handle({ db, connectors }) {
      const [version, database, jobs, pools, nextPassAt] = await Promise.all([
        readVersion(),
        inspectDatabase(db),
        countJobs(db),
        listPools(db),
        readNextPass(db),
      ]);
      const uptimeMs = process.uptime() * 1_000;
      const named = nameConnectors(connectors);
      return writeSystem({ version, now: new Date(), uptimeMs, database, jobs, pools, nextPassAt, connectors: named });
    },
  }),
];

function nameConnectors(connectors: Needs['connectors']) {
  return connectors.names().flatMap((name) => {
    const facts = connectors.find(name)?.facts;
    return facts === undefined ? [] : [{ name, facts }];
  });
}
