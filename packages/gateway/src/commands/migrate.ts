import type { Config } from '../config.ts';
import { applyMigrations, connect, createLog, type Stops } from './connect.ts';

export async function runMigrations(config: Config, stops: Stops): Promise<void> {
  const log = createLog(config, 'stdout');
  await applyMigrations(await connect(config, stops, log), log);
}
