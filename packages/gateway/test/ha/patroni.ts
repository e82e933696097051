import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinaries, findMissingPackages } from '../debian-postgres.ts';
import type { Site } from './network.ts';

/** One PostgreSQL under its Patroni. */
export type Node = {
  readonly name: string;
  readonly site: Site;
  readonly port: number;
  /** Patroni's own answers. */
  readonly restPort: number;
};

export const user = 'vyplata';

/** What is missing here, as a sentence; undefined: nothing. */
export function findMissing(): string | undefined {
  return findMissingPackages({ patroni: '/usr/bin/patroni', 'etcd-server': '/usr/bin/etcd' });
}

const stalling = fileURLToPath(new URL('stall-patroni.py', import.meta.url));

/** Patroni, which stands still at its worst place once the file of `stallPath` is there. */
export function patroniCommand(configPath: string): readonly string[] {
  return ['/usr/bin/python3', stalling, configPath];
}

export function stallPath(folder: string, node: Node): string {
  return join(folder, `${node.name}.stall`);
}

/**
 * Before 3.0.3 a Patroni that was late wrote its leader's key through etcd's third interface without looking who holds
 * it, and so took the lock back from whoever led meanwhile. Through the second interface it always looked.
 */
function isLockSafeInV3(): boolean {
  const said = spawnSync('/usr/bin/patroni', ['--version']).stdout.toString();
  const [major = 0, minor = 0, patch = 0] = (said.match(/\d+/g) ?? []).map(Number);
  return major * 10_000 + minor * 100 + patch >= 30_003;
}

export function configOf(node: Node, { folder, etcd }: { folder: string; etcd: string }): string {
  const { front, back } = node.site;
  const listen = [...new Set([front, back, '127.0.0.1'])].join(',');
  return JSON.stringify({
    scope: 'vyplata',
    name: node.name,
    restapi: {
      listen: `${front === back ? front : '0.0.0.0'}:${node.restPort}`,
      connect_address: `${back}:${node.restPort}`,
    },
    [isLockSafeInV3() ? 'etcd3' : 'etcd']: { host: etcd },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 2,
        retry_timeout: 4,
        maximum_lag_on_failover: 1_048_576,
        // Strict: without a standby nothing is committed, and so nothing that was answered can be lost.
        synchronous_mode: true,
        synchronous_mode_strict: true,
        postgresql: {
          use_pg_rewind: true,
          parameters: { max_connections: 100, fsync: 'on', synchronous_commit: 'on', wal_level: 'replica' },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
    },
    postgresql: {
      listen: `${listen}:${node.port}`,
      connect_address: `${back}:${node.port}`,
      data_dir: join(folder, node.name),
      bin_dir: findBinaries(),
      pgpass: join(folder, `${node.name}.pgpass`),
      authentication: {
        superuser: { username: user, password: 'local' },
        replication: { username: 'replicator', password: 'local' },
        rewind: { username: user, password: 'local' },
      },
      parameters: { unix_socket_directories: folder },
      pg_hba: ['local all all trust', 'host all all samenet trust', 'host replication all samenet trust'],
    },
    watchdog: { mode: 'off' },
  });
}
