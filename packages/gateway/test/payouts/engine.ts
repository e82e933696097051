import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connector } from '../../src/connectors/connector.ts';
import { createRegistry } from '../../src/connectors/registry.ts';
import { createSandboxConnector } from '../../src/connectors/sandbox.ts';
import type { Policy } from '../../src/core/payout.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { createWorker } from '../../src/jobs/worker.ts';
import { openDirectory } from '../../src/merchants/directory.ts';
import { advancePayout, type Needs } from '../../src/payouts/dispatch.ts';
import { openPauses, type PausesView } from '../../src/payouts/heed-pauses.ts';
import { createRecorder } from '../../src/payouts/record.ts';
import { createPayoutReader, type StoredPayout } from '../../src/payouts/store.ts';
import { monotonicMs, type Room } from './harness.ts';

export type Engine = {
  readonly needs: Needs & { readonly pauses: PausesView };
  readonly bookPath: string;
  readonly incidents: string[];
  /** Waits until the payout is final or in review. */
  waitForEnd(payoutId: bigint): Promise<StoredPayout>;
  stop(): Promise<void>;
};

/** Fifty times faster than life: what takes minutes of patience takes seconds. */
const quickPolicy: Policy = {
  askBaseMs: 20,
  askMaxMs: 200,
  unknownBudgetMs: 2_000,
  acceptedBudgetMs: 10_000,
  reviewAskMs: 60_000,
  sendWithinMs: 400,
};

/** The payouts of a room, sent through a sandbox of its own by a real worker. */
export async function startEngine(
  room: Room,
  { watch, ...given }: Pick<Needs, 'meter' | 'trail'> & { readonly watch?: (connector: Connector) => Connector } = {},
): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-book-'));
  const bookPath = join(folder, 'book.ndjson');
  const connector = createSandboxConnector({ bookPath, timeScale: 0.02, deliveryDelayMaxMs: 50 });
  const connectors = createRegistry([watch === undefined ? connector : watch(connector)]);
  const directory = openDirectory({ db: room.db, log: { warn: () => {}, info: () => {} } });
  const overloaded = (): Error => new Error('overloaded');
  const reader = createPayoutReader({ db: room.db, overloaded });
  const incidents: string[] = [];
  const pauses = openPauses({
    db: room.db,
    monotonicMs,
    wake: () => worker.wake(),
    onError: (error) => incidents.push(String(error)),
  });
  const needs = {
    ...given,
    pauses,
    reader,
    connectors,
    directory,
    monotonicMs,
    vault: room.vault,
    policy: quickPolicy,
    recorder: createRecorder({ db: room.db, overloaded }),
    callDeadlineMs: 200,
    wake: () => worker.wake(),
    onIncident: (incident) => incidents.push(incident.kind),
    onBug: (error) => incidents.push(String(error)),
  } satisfies Needs;
  const worker = createWorker({
    queue: createQueue({ db: room.db }),
    kind: 'payout',
    leaseMs: 1e3,
    jobsMax: 64,
    claimMax: 32,
    laneJobsMax: 64,
    pollMs: 20,
    handle: (job) => advancePayout(needs, job),
    onError: (error) => incidents.push(String(error)),
  });
  worker.start();
  return {
    needs,
    bookPath,
    incidents,
    async waitForEnd(payoutId) {
      for (;;) {
        const payout = await reader.findPayout({
          merchantId: room.merchantId,
          payoutId,
        });
        if (payout !== undefined && payout.state !== 'queued' && payout.state !== 'sent') return payout;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      await worker.stop();
      await pauses.close();
      await connectors.close();
      await directory.close();
      await rm(folder, { recursive: true });
    },
  };
}
