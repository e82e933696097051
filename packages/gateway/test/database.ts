import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { after } from 'node:test';
import {
  assertOwnServer,
  clusterVariable,
  connectionTo,
  startTestCluster,
  type TestCluster,
  type TestConnection,
  template,
  withClient,
} from './cluster.ts';

export type TestDatabase = { connection: TestConnection; close(): Promise<void> };

let cluster: Promise<TestCluster> | undefined;

after(async () => (await cluster)?.close());

/** PostgreSQL in a folder made for it, with a migrated template: one per test process, or the runner's. */
export function openTestCluster(): Promise<TestCluster> {
  const shared = process.env[clusterVariable];
  cluster ??= shared === undefined ? startTestCluster() : joinCluster(shared);
  return cluster;
}

/** A fresh migrated database of its own; `close` drops it and whatever is still connected to it. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { socket, dataDir } = await openTestCluster();
  const database = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await withClient(socket, async (client) => {
    await assertOwnServer(client, dataDir);
    await client.query(`create database ${database} template ${template} strategy file_copy`);
  });
  return {
    connection: connectionTo(socket, database),
    close: () =>
      withClient(socket, async (client) => {
        await client.query(`drop database if exists ${database} with (force)`);
      }),
  };
}

function joinCluster(socket: string): Promise<TestCluster> {
  return Promise.resolve({ socket, dataDir: dirname(socket), close: () => Promise.resolve() });
}
