import type { Config } from '../config.ts';
import { applyMigrations, connect, createLog, type Stops } from './connect.ts';
import { printPlan } from './plan.ts';

export async function runMigrations(config: Config, stops: Stops, argument?: string): Promise<void> {
  if (argument === '--plan') return printPlan(config, stops);
  if (argument !== undefined) throw new Error(`migrate knows no ${argument}. Use: migrate, or migrate --plan`);
  const log = createLog(config, 'stdout');
  await applyMigrations(config, await connect(config, stops, log), log);
}
