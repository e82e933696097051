import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isInitialised, openDataFolder } from './data-folder.ts';
import type { EmbeddedDatabase } from './embedded.ts';

const connection = { port: 5432, user: 'vyplata', database: 'vyplata' };

/** Whether there is an embedded database in the folder. Makes nothing. */
export async function hasEmbedded(dataDir: string): Promise<boolean> {
  try {
    await access(join(dataDir, 'postgres'));
  } catch {
    return false;
  }
  return isInitialised(await openDataFolder(dataDir));
}

/**
 * The embedded PostgreSQL of a gateway that is running on this folder, for a command that only wants to look: two
 * servers on one folder are impossible. undefined: none is running there.
 */
export async function joinEmbedded(dataDir: string): Promise<EmbeddedDatabase['connection'] | undefined> {
  const folder = await openDataFolder(dataDir);
  if (!(await isInitialised(folder))) return undefined;
  const isThere = await canConnect(join(folder.socket, `.s.PGSQL.${connection.port}`));
  return isThere ? { host: folder.socket, ...connection } : undefined;
}

function canConnect(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
