import { randomBytes } from 'node:crypto';
import { connectionTo, startTestCluster, template, withClient } from '../cluster.ts';
export async function openTestDatabase() {
  const c = await startTestCluster();
  const database = `b_${randomBytes(4).toString('hex')}`;
  await withClient(c.socket, async (client) => { await client.query(`create database ${database} template ${template}`); });
  return { connection: connectionTo(c.socket, database), close: () => c.close() };
}
