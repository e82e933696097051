import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { connectionTo, openClient, withClient } from '../cluster.ts';
import { openTestCluster } from '../database.ts';

/** An empty database and an empty folder of migrations. */
export type Scratch = {
  readonly folder: string;
  readonly client: Client;
  connect(): Promise<Client>;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  clear(): Promise<void>;
  rowsOf(text: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
};

export async function openScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-migrations-'));
  const name = `scratch_${process.pid}_${randomBytes(4).toString('hex')}`;
  const { socket } = await openTestCluster();
  const admin = (text: string): Promise<void> =>
    withClient(socket, async (client) => {
      await client.query(text);
    });
  await admin(`create database ${name}`);
  const connect = (): Promise<Client> => openClient(connectionTo(socket, name));
  const client = await connect();
  return {
    folder,
    client,
    connect,
    async write(files) {
      for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    },
    async clear() {
      for (const file of await readdir(folder)) await rm(join(folder, file));
    },
    rowsOf: async (text) => (await client.query<Record<string, unknown>>(text)).rows,
    async close() {
      await client.end();
      await admin(`drop database ${name} with (force)`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
