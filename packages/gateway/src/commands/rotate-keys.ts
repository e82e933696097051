import type { Config } from '../config.ts';
import { openPool } from '../db/pool.ts';
import { rotateSealedValues } from '../secrets/rotate.ts';
import { openVault } from '../secrets/seal.ts';
import { connect, createLog, readMasterKeys, type Stops } from './connect.ts';

export async function rotateKeys(config: Config, stops: Stops): Promise<void> {
  const log = createLog(config, 'stderr');
  const connection = await connect(config, stops, log);
  const { current, retired } = await readMasterKeys(config);
  const db = openPool({ connection, name: 'vyplata rotate-keys', connectionsMax: 1 });
  stops.push(() => db.close());
  const count = await rotateSealedValues({ db, vault: openVault(current, retired) }, (line) =>
    process.stdout.write(`${line}\n`),
  );
  process.stdout.write(`${count} values are sealed under the present master key now.\n`);
}
