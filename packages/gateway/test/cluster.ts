import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbedded } from '../src/db/embedded.ts';
import { migrate } from '../src/db/migrate.ts';

export type TestConnection = { host: string; port: number; user: string; database: string };
export type TestCluster = { socket: string; dataDir: string; close(): Promise<void> };

/** Set by the test runner, which starts one cluster for all files: the folder of its socket. */
export const clusterVariable = 'VYPLATA_TEST_CLUSTER';
export const template = 'template_vyplata';

/** Tests lose nothing that matters in a crash of the machine; tests of crashes start a server of their own. */
const hasty = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };
const migrations = join(import.meta.dirname, '../migrations');

/** PostgreSQL in a new folder, with a template that has every migration of the gateway. Stops with this process. */
export async function startTestCluster(): Promise<TestCluster> {
  const dataDir = await mkdtemp(join(await realpath(tmpdir()), 'vyplata-test-'));
  const server = await startEmbedded({ dataDir, settings: hasty });
  const socket = server.connection.host;
  const close = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await withClient(socket, async (client) => {
      await assertOwnServer(client, dataDir);
      await client.query(`create database ${template}`);
    });
    await migrate({ connect: () => openClient(connectionTo(socket, template)), folder: migrations });
  } catch (error) {
    await close();
    throw error;
  }
  return { socket, dataDir, close };
}

/** A stray server on the same machine must never be what a test talks to. */
export async function assertOwnServer(client: Client, dataDir: string): Promise<void> {
  const { rows } = await client.query<{ data_directory: string }>('show data_directory');
  assert.equal(rows[0]?.data_directory, join(dataDir, 'postgres'), 'this is not the server that the test started');
}

export function connectionTo(socket: string, database: string): TestConnection {
  return { host: socket, port: 5432, user: 'vyplata', database };
}

export async function openClient(connection: TestConnection): Promise<Client> {
  const client = new Client(connection);
  await client.connect();
  return client;
}

export async function withClient(socket: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = await openClient(connectionTo(socket, 'postgres'));
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
